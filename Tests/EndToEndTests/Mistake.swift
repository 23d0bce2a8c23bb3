import Foundation
import Testing

/// A user's mistake, and the message and exit code with which the program must answer.
struct Mistake: Sendable, CustomTestStringConvertible {
    let name: String
    let code: Int32
    /// Parts of the one message: location, finding, remedy.
    let says: [String]
    /// The numbers of ranks; nil is without `mpirun`.
    ///
    /// Two show that one message ends all ranks.
    let ranks: [Int?]
    /// Other permitted lines of standard error.
    let mayAlsoSay: [String]
    /// Prepares a fresh scene, and returns the command line.
    let make: @Sendable (Scene) async throws -> [String]

    init(
        _ name: String, code: Int32, says: [String], ranks: [Int?] = [2], mayAlsoSay: [String] = [],
        make: @escaping @Sendable (Scene) async throws -> [String]
    ) {
        (self.name, self.code, self.says, self.ranks) = (name, code, says, ranks)
        (self.mayAlsoSay, self.make) = (mayAlsoSay, make)
    }

    /// Training the scene's study with more arguments, after damage to the scene.
    static func training(
        _ name: String, code: Int32, says: [String], ranks: [Int?] = [2], mayAlsoSay: [String] = [],
        with arguments: [String] = [], after spoil: @escaping @Sendable (Scene) throws -> Void = { _ in }
    ) -> Mistake {
        Mistake(name, code: code, says: says, ranks: ranks, mayAlsoSay: mayAlsoSay) { scene in
            try spoil(scene)
            return scene.training + arguments
        }
    }

    var testDescription: String { name }
}

extension Scene {
    /// The command line that trains the study into `run`.
    var training: [String] { ["train", study, "--output", path("run")] }
}
