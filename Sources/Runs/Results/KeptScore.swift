/// A task's score with the kept state, and the best score of the run.
package struct KeptScore: Codable, Sendable, Equatable {
    /// A score, and the number of the run's steps before it.
    package struct Best: Codable, Sendable, Equatable {
        package let score: Double
        package let step: Int

        package init(score: Double, step: Int) { (self.score, self.step) = (score, step) }
    }

    /// The mean of the task's metrics.
    package let score: Double
    /// The number of the run's steps before it.
    package let step: Int
    package let splits: SplitScores
    /// Nil if no score was finite.
    package let best: Best?

    package init(score: Double, step: Int, splits: SplitScores, best: Best?) {
        (self.score, self.step, self.splits, self.best) = (score, step, splits, best)
    }

    /// Writes `null` if there is no best score.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(score, forKey: .score)
        try container.encode(step, forKey: .step)
        try container.encode(splits, forKey: .splits)
        try container.encode(best, forKey: .best)
    }
}
