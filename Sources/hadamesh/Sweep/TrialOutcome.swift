import Diagnostics
import Formats
import Runs
import Studies

/// The outcome of training a run of a trial up to a rung.
enum TrialOutcome: Codable, Equatable {
    /// The metric there, nil if a task was never scored, and the steps of the adapter stage before it.
    case scored(Double?, steps: Int)
    /// The study is invalid, or training diverged.
    case failed(String)
    /// The run stopped on request.
    case stopped

    /// The metric of a run, read from its directory.
    init(_ run: RunDirectory, _ settings: SweepSettings, _ rung: Rung, tasks: [String]) throws {
        let end = try RunResults.read(run)?.stages.last
        // A study without an adapter stage ends before the first rung.
        guard let steps = rung.steps, end.map({ $0.stage == .adapter }) ?? true else {
            let stage = try RunResults.ofFinished(run).stages.last
            self = .scored(
                settings.metric.value(tasks.map { stage?.tasks[$0]??.score }, of: tasks),
                steps: stage.flatMap { $0.stage == .adapter ? $0.steps : nil } ?? 0)
            return
        }
        // A run that ends before its rung is scored by its last evaluation.
        let last = min(steps, end?.steps ?? steps)
        guard let scores = try RunHistory(run)?.scores(after: last, of: tasks) else {
            throw Failure.data(
                "lacks the evaluation after \(last) steps of the adapter stage", at: run.journalFile,
                remedy: "remove \(run.path), and --resume trains it again")
        }
        self = .scored(settings.metric.value(scores, of: tasks), steps: last)
    }
}
