/// The values of a task's metrics on one split.
package struct Scores: Sendable, Equatable, Codable {
    package struct Entry: Sendable, Equatable, Codable {
        package let metric: Metric
        package let value: Double

        package init(metric: Metric, value: Double) {
            self.metric = metric
            self.value = value
        }
    }

    /// In the order of the task's metrics.
    package let entries: [Entry]

    package init(_ entries: [Entry]) {
        precondition(!entries.isEmpty, "a score needs a metric")
        self.entries = entries
    }

    /// The split's score: the mean of its metrics, as in GLUE.
    package var mean: Double { entries.reduce(0) { $0 + $1.value } / Double(entries.count) }

    /// The value of a metric; nil if the task does not have it.
    package subscript(metric: Metric) -> Double? { entries.first { $0.metric == metric }?.value }
}
