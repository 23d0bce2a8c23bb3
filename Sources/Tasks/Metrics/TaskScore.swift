/// A task's scores on its evaluation splits.
package struct TaskScore: Sendable, Equatable, Codable {
    package struct Entry: Sendable, Equatable, Codable {
        package let split: Split
        package let scores: Scores

        package init(split: Split, scores: Scores) {
            self.split = split
            self.scores = scores
        }
    }

    /// The task's name.
    package let task: String
    /// In the order of the task's evaluation splits.
    package let entries: [Entry]

    package init(task: String, _ entries: [Entry]) {
        precondition(!entries.isEmpty, "a task's score needs a split")
        self.task = task
        self.entries = entries
    }

    /// The task's score: the mean over its splits; for MNLI, of matched and mismatched.
    package var mean: Double { entries.reduce(0) { $0 + $1.scores.mean } / Double(entries.count) }
}
