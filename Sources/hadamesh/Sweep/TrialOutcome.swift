import Diagnostics
import Formats
import Runs
import Studies

/// The outcome of training a run of a trial up to a rung.
enum TrialOutcome: Codable, Equatable {
    /// The metric there; nil if a task was never scored.
    case scored(Double?)
    /// The study is invalid, or training diverged.
    case failed(String)
    /// The run stopped on request.
    case stopped

    /// The metric of a run, read from its directory.
    init(_ run: RunDirectory, _ settings: SweepSettings, _ rung: Rung, tasks: [String]) throws {
        if rung.steps == nil {
            let last = try RunResults.ofFinished(run).stages.last
            self = .scored(settings.metric.value(tasks.map { last?.tasks[$0]??.score }, of: tasks))
        } else {
            // A rung of k · first steps ends with the k-th evaluation, or with the last one.
            let count = (rung.steps ?? 0) / max(1, settings.search.first)
            let scores = try ScoreHistory(run).scores(after: count, of: tasks)
            self = .scored(settings.metric.value(scores, of: tasks))
        }
    }
}
