package import Formats
import Foundation

/// The training of a run, read from its journal.
package struct RunHistory: Sendable {
    /// An optimizer step, as a ``StepReport`` writes it.
    package struct Step: Decodable, Sendable {
        package let stage: String
        /// The step's number in the run, from 1.
        package let step: Int
        package let microBatches: [StepReport.MicroBatch]
        package let losses: NamedValues<Double>
        package let gradientNorm: Double
        package let weights: NamedValues<NamedValues<Double>>?
        package let tokens, bytes: Int
        package let seconds, secondsWaiting: Double
    }

    /// An evaluation, as an ``EvaluationReport`` writes it.
    package struct Evaluation: Decodable, Sendable {
        package struct TaskScore: Decodable, Sendable {
            package let score: Double
        }

        package let stage: String
        /// The number of the run's steps before it.
        package let step: Int
        /// The scores of the tasks that were scored.
        package let tasks: NamedValues<TaskScore>
        package let mean: Double?
        package let drawn: NamedValues<DrawnShare>?
    }

    private struct Beginning: Decodable {
        let facts: RunFacts
    }

    /// The facts of the last start; nil if none is recorded.
    package private(set) var facts: RunFacts?
    /// Oldest first.
    package private(set) var steps: [Step] = []
    /// Oldest first.
    package private(set) var evaluations: [Evaluation] = []

    /// Reads a run's journal; nil if it has none, as a merged adapter.
    package init?(_ directory: RunDirectory) throws {
        guard FileManager.default.fileExists(atPath: directory.journalFile) else { return nil }
        for event in try Journal.read(directory) {
            switch event["kind"]?.string {
            case "began": facts = try event.decoded(as: Beginning.self, from: directory.journalFile).facts
            case "step": steps.append(try event.decoded(from: directory.journalFile))
            case "evaluated": evaluations.append(try event.decoded(from: directory.journalFile))
            default: break
            }
        }
    }
}
