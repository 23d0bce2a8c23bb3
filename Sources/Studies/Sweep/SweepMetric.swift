import Diagnostics

/// The number by which trials are ranked: always the higher the better.
package struct SweepMetric: Codable, Sendable, Equatable {
    /// The examples that trials are scored on.
    package enum Examples: String, NamedChoice {
        /// Training examples that are held out: `evaluation.heldOut` of them, or a tenth.
        case heldOut
        case dev
    }

    /// A task's name, or `mean` for the mean over all tasks.
    package let score: String
    package let on: Examples

    package static let mean = "mean"
    /// The share of training examples that trials hold out unless the study says otherwise.
    package static let heldOut = 0.1

    enum CodingKeys: String, CodingKey, CaseIterable { case score, on }

    package init(score: String = mean, on examples: Examples = .heldOut) {
        (self.score, on) = (score, examples)
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        score = try section.value(.score, default: Self.mean)
        on = try section.value(.on, default: .heldOut)
    }

    /// The score of a run from the tasks' scores; nil if one has none.
    package func value(_ scores: [Double?], of tasks: [String]) -> Double? {
        score == Self.mean ? scores.wholeMean : tasks.firstIndex(of: score).flatMap { scores[$0] }
    }
}
