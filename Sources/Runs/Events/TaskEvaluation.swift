/// A task's scores in one evaluation.
package struct TaskEvaluation: Encodable, Sendable, Equatable {
    package let task: String
    /// The mean of its metrics.
    package let score: Double
    /// Whether the score is the task's best so far, and whether the task stops here.
    package let isBest, stops: Bool
    package let splits: SplitScores

    private enum CodingKeys: String, CodingKey {
        case score, isBest = "best", stops, splits
    }

    package init(task: String, score: Double, isBest: Bool, stops: Bool, splits: SplitScores) {
        (self.task, self.score, self.isBest) = (task, score, isBest)
        (self.stops, self.splits) = (stops, splits)
    }
}
