package import Formats

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
    @Nullable package private(set) var best: Best?

    package init(score: Double, step: Int, splits: SplitScores, best: Best?) {
        (self.score, self.step, self.splits, self.best) = (score, step, splits, best)
    }
}
