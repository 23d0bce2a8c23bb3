package import Formats

/// A task's metrics by evaluation split.
package typealias SplitScores = NamedValues<NamedValues<Double>>

/// The scores at the end of a stage, the examples that it drew, and the agreement of its tasks.
package struct StageResult: Codable, Sendable, Equatable {
    package let stage: String
    package let steps: Int
    /// Each task's score with the kept state; nil if it was never scored.
    package let tasks: NamedValues<KeptScore?>
    package let drawn: NamedValues<DrawnShare>
    /// Nil if it was not measured, or if no tasks share what the stage trains.
    package let agreement: TaskAgreement?
    /// The means over the stage's steps; nil if no step combined gradients other than by the sum.
    package let effect: CombinationEffect?

    package init(
        stage: String, steps: Int, tasks: NamedValues<KeptScore?>, drawn: NamedValues<DrawnShare>,
        agreement: TaskAgreement? = nil, effect: CombinationEffect? = nil
    ) {
        (self.stage, self.steps, self.tasks, self.drawn) = (stage, steps, tasks, drawn)
        (self.agreement, self.effect) = (agreement, effect)
    }
}

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

/// A task's share of the examples that a stage drew.
package struct DrawnShare: Codable, Sendable, Equatable {
    /// The sampler's share, and the share that was drawn.
    package let requested, realised: Double
    package let examples: Int

    package init(requested: Double, realised: Double, examples: Int) {
        (self.requested, self.realised, self.examples) = (requested, realised, examples)
    }
}
