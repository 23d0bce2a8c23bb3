package import Formats

/// The evaluations of a run, read from its journal.
package struct ScoreHistory: Sendable {
    /// An evaluation.
    package struct Entry: Sendable, Equatable {
        /// The run's steps before it.
        package let step: Int
        /// The scores of the tasks that were scored.
        package let scores: NamedValues<Double>
    }

    /// The evaluations of the adapter stage, oldest first.
    package let entries: [Entry]

    /// Reads a run's journal.
    package init(_ directory: RunDirectory) throws {
        entries = try Journal.read(directory).compactMap { event -> Entry? in
            guard event["kind"]?.string == "evaluated", event["stage"]?.string == "adapter",
                let step = event["step"]?.int
            else { return nil }
            return Entry(
                step: step,
                scores: NamedValues(
                    (event["tasks"]?.object ?? []).compactMap { name, task in
                        task["score"]?.double.map { (name, $0) }
                    }))
        }
    }

    /// Each task's latest score among the first `count` evaluations; nil for a task without one.
    package func scores(after count: Int, of tasks: [String]) -> [Double?] {
        tasks.map { task in entries.prefix(count).compactMap { $0.scores[task] }.last }
    }
}
