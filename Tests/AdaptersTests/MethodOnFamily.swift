import Adapters
import Encoders
import Formats
import Foundation
import TestSupport
import Testing

/// A case of a method on the tiny encoder of a family.
struct MethodOnFamily: Sendable, CustomTestStringConvertible {
    let method: MethodCase
    let family: EncoderFamily

    var testDescription: String { "\(method) on \(family)" }

    /// Every case on every family that has what it needs.
    static let all = combinations.filter { !$0.lacksPooler }

    /// Those whose goldens are samples.
    static let sampled = all.filter { $0.family != .bert }

    /// Those that finite differences can judge.
    static let smooth = all.filter(\.method.isSmooth)

    /// The cases that train a pooler which the family lacks.
    static let refused = combinations.filter(\.lacksPooler)

    private static let combinations = TinyModel.families.flatMap { family in
        MethodCase.all.map { MethodOnFamily(method: $0, family: family) }
    }

    private var lacksPooler: Bool {
        family.tensors.pooler == nil && method.trainsPooler
    }

    /// The section as JSON, where trained adapters that it names are those of a folder.
    func settings(in folder: TemporaryFolder) throws -> String {
        if family == .bert { return method.settings }
        let settings = method.settings.replacingOccurrences(of: TrainedAdapters.folder, with: folder.path)
        if settings != method.settings {
            try TrainedAdapters.copy(for: TinyModel(family).weights, to: folder.path)
        }
        return settings
    }
}
