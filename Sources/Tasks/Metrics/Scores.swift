/// What a task's metrics said of one split.
package struct Scores: Sendable, Equatable, Codable {
    /// One metric and its value.
    package struct Entry: Sendable, Equatable, Codable {
        /// The metric.
        package let metric: Metric
        /// Its value.
        package let value: Double

        /// Makes an entry.
        package init(metric: Metric, value: Double) {
            self.metric = metric
            self.value = value
        }
    }

    /// The values, in the order of the task's metrics.
    package let entries: [Entry]

    /// Takes the values of at least one metric.
    package init(_ entries: [Entry]) {
        precondition(!entries.isEmpty, "a score needs a metric")
        self.entries = entries
    }

    /// The split's score: the mean of its metrics, as GLUE counts.
    package var mean: Double { average(of: entries.map(\.value)) }

    /// The value of a metric, if it is one of the task's.
    package subscript(metric: Metric) -> Double? { entries.first { $0.metric == metric }?.value }
}

/// A task's scores on its evaluation splits.
package struct TaskScore: Sendable, Equatable, Codable {
    /// The scores on one split.
    package struct Entry: Sendable, Equatable, Codable {
        /// The split.
        package let split: Split
        /// Its scores.
        package let scores: Scores

        /// Makes an entry.
        package init(split: Split, scores: Scores) {
            self.split = split
            self.scores = scores
        }
    }

    /// The task's name.
    package let task: String
    /// The scores, in the order of the task's evaluation splits.
    package let entries: [Entry]

    /// Takes the scores on at least one split.
    package init(task: String, _ entries: [Entry]) {
        precondition(!entries.isEmpty, "a task's score needs a split")
        self.task = task
        self.entries = entries
    }

    /// The task's score: the mean over its splits, so that MNLI's is that of matched and mismatched.
    package var mean: Double { average(of: entries.map(\.scores.mean)) }
}

private func average(of values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
