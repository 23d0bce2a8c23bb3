package import Formats

/// A task's metrics by evaluation split.
package typealias SplitScores = NamedValues<NamedValues<Double>>

/// The scores that a stage ended with, and the examples that it drew.
package struct StageResult: Codable, Sendable, Equatable {
    package let stage: String
    /// Steps that the stage took.
    package let steps: Int
    /// Each task's score with the kept state; nil for one that was never scored.
    package let tasks: NamedValues<KeptScore?>
    package let drawn: NamedValues<DrawnShare>

    package init(
        stage: String, steps: Int, tasks: NamedValues<KeptScore?>, drawn: NamedValues<DrawnShare>
    ) {
        self.stage = stage
        self.steps = steps
        self.tasks = tasks
        self.drawn = drawn
    }
}

/// A task's score with the state that is kept, and beside it the best seen.
package struct KeptScore: Codable, Sendable, Equatable {
    /// A score and the run's steps before it.
    package struct Best: Codable, Sendable, Equatable {
        package let score: Double
        package let step: Int

        package init(score: Double, step: Int) {
            self.score = score
            self.step = step
        }
    }

    /// The mean of the task's metrics.
    package let score: Double
    /// After how many steps of the run.
    package let step: Int
    package let splits: SplitScores
    /// Nil where no score was a number.
    package let best: Best?

    package init(score: Double, step: Int, splits: SplitScores, best: Best?) {
        self.score = score
        self.step = step
        self.splits = splits
        self.best = best
    }

    /// Writes `null` for a best score that there is not.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(score, forKey: .score)
        try container.encode(step, forKey: .step)
        try container.encode(splits, forKey: .splits)
        try container.encode(best, forKey: .best)
    }
}

/// A task's share of the examples that a stage drew.
package struct DrawnShare: Codable, Sendable, Equatable {
    /// The sampler's share, and the share that was drawn.
    package let requested, realised: Double
    package let examples: Int

    package init(requested: Double, realised: Double, examples: Int) {
        self.requested = requested
        self.realised = realised
        self.examples = examples
    }
}
