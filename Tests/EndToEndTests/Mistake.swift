import Foundation
import Testing

/// Something that a user got wrong, and what the program must answer: once, promptly, with the right exit code.
struct Mistake: Sendable, CustomTestStringConvertible {
    let name: String
    /// The exit code.
    let code: Int32
    /// What the one message must contain: place, what was found, remedy.
    let says: [String]
    /// The numbers of ranks to make it on; nil is without `mpirun`.
    let ranks: [Int?]
    /// Lines of standard error that may stand beside the message.
    let mayAlsoSay: [String]
    /// Makes it in a fresh scene, and gives the command line.
    let make: @Sendable (Scene) async throws -> [String]

    init(
        _ name: String, code: Int32, says: [String], ranks: [Int?] = [nil, 3], mayAlsoSay: [String] = [],
        make: @escaping @Sendable (Scene) async throws -> [String]
    ) {
        (self.name, self.code, self.says, self.ranks) = (name, code, says, ranks)
        (self.mayAlsoSay, self.make) = (mayAlsoSay, make)
    }

    /// A training run of the scene's study, after something in the scene was spoilt, with more arguments.
    static func training(
        _ name: String, code: Int32, says: [String], ranks: [Int?] = [nil, 3], mayAlsoSay: [String] = [],
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
