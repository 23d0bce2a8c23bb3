/// What a task's metrics said of one split.
public struct Scores: Sendable, Equatable, Codable {
    /// One metric and its value.
    public struct Entry: Sendable, Equatable, Codable {
        /// The metric.
        public let metric: Metric
        /// Its value.
        public let value: Double

        /// Makes an entry.
        public init(metric: Metric, value: Double) {
            self.metric = metric
            self.value = value
        }
    }

    /// The values, in the order of the task's metrics.
    public let entries: [Entry]

    /// Takes the values of at least one metric.
    public init(_ entries: [Entry]) {
        precondition(!entries.isEmpty, "a score needs a metric")
        self.entries = entries
    }

    /// The split's score: the mean of its metrics, as GLUE counts.
    public var mean: Double { average(of: entries.map(\.value)) }

    /// The value of a metric, if it is one of the task's.
    public subscript(metric: Metric) -> Double? { entries.first { $0.metric == metric }?.value }
}

/// A task's scores on its evaluation splits.
public struct TaskScore: Sendable, Equatable, Codable {
    /// The scores on one split.
    public struct Entry: Sendable, Equatable, Codable {
        /// The split.
        public let split: Split
        /// Its scores.
        public let scores: Scores

        /// Makes an entry.
        public init(split: Split, scores: Scores) {
            self.split = split
            self.scores = scores
        }
    }

    /// The task's name.
    public let task: String
    /// The scores, in the order of the task's evaluation splits.
    public let entries: [Entry]

    /// Takes the scores on at least one split.
    public init(task: String, _ entries: [Entry]) {
        precondition(!entries.isEmpty, "a task's score needs a split")
        self.task = task
        self.entries = entries
    }

    /// The task's score: the mean over its splits, so that MNLI's is that of matched and mismatched.
    public var mean: Double { average(of: entries.map(\.scores.mean)) }
}

/// The score of a benchmark: the mean over tasks of the tasks' scores; nil without tasks.
public func benchmarkScore(of tasks: [TaskScore]) -> Double? {
    tasks.isEmpty ? nil : average(of: tasks.map(\.mean))
}

private func average(of values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
