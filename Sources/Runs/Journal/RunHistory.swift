package import Formats
import Foundation

/// The training of a run, read from its journal.
package struct RunHistory: Sendable {
    /// An optimizer step, as a ``StepReport`` writes it.
    package struct Step: Decodable, Sendable {
        package let stage: StageName
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

        package let stage: StageName
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

    private struct StageEnd: Decodable {
        struct Result: Decodable {
            let stage: StageName
            let steps: Int
        }

        let result: Result
    }

    /// The facts of the last start; nil if none is recorded.
    package private(set) var facts: RunFacts?
    /// Oldest first.
    package private(set) var steps: [Step] = []
    /// Oldest first.
    package private(set) var evaluations: [Evaluation] = []
    /// The steps before the adapter stage.
    private var headSteps = 0

    /// Reads a run's journal; nil if it has none, as a merged adapter.
    package init?(_ directory: RunDirectory) throws {
        guard FileManager.default.fileExists(atPath: directory.journalFile) else { return nil }
        let path = directory.journalFile
        for event in try Journal.read(directory) {
            switch event["kind"]?.string {
            case "began": facts = try event.decoded(as: Beginning.self, from: path).facts
            case "step": steps.append(try event.decoded(from: path))
            case "evaluated": evaluations.append(try event.decoded(from: path))
            case "stageEnded":
                let end = try event.decoded(as: StageEnd.self, from: path).result
                if end.stage == .head { headSteps = end.steps }
            default: break
            }
        }
    }

    /// Each task's latest score in the adapter stage's evaluations up to one after `steps` of its steps.
    ///
    /// - Returns: nil for a task without a score; nil if the journal lacks the evaluation after these steps
    package func scores(after steps: Int, of tasks: [String]) -> [Double?]? {
        let own = evaluations.filter { $0.stage == .adapter }
        guard let last = own.lastIndex(where: { $0.step - headSteps == steps }) else { return nil }
        return tasks.map { task in own[...last].compactMap { $0.tasks[task]?.score }.last }
    }
}
