package import Formats

/// The evaluations of a run's adapter stage, read from its journal.
package struct ScoreHistory: Sendable {
    /// An evaluation.
    package struct Entry: Sendable, Equatable {
        /// The stage's steps before it.
        package let step: Int
        /// The scores of the tasks that were scored.
        package let scores: NamedValues<Double>
    }

    /// Oldest first.
    package let entries: [Entry]

    /// Reads a run's journal.
    package init(_ directory: RunDirectory) throws {
        let events = try Journal.read(directory)
        // Evaluations name the run's steps.
        let before = events.first { $0["kind"]?.string == "stageEnded" && $0["result"]?["stage"] == "head" }?[
            "result"]?["steps"]?.int
        entries = events.compactMap { event -> Entry? in
            guard event["kind"]?.string == "evaluated", event["stage"]?.string == "adapter",
                let step = event["step"]?.int
            else { return nil }
            return Entry(
                step: step - (before ?? 0),
                scores: NamedValues(
                    (event["tasks"]?.object ?? []).compactMap { name, task in
                        task["score"]?.double.map { (name, $0) }
                    }))
        }
    }

    /// Each task's latest score in the evaluations up to one after `steps` steps of the stage.
    ///
    /// - Returns: nil for a task without a score; nil if the journal lacks the evaluation after these steps
    package func scores(after steps: Int, of tasks: [String]) -> [Double?]? {
        guard let last = entries.lastIndex(where: { $0.step == steps }) else { return nil }
        return tasks.map { task in entries[...last].compactMap { $0.scores[task] }.last }
    }
}
