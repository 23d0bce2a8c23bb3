package import Formats

/// A task's metrics by evaluation split.
package typealias SplitScores = NamedValues<NamedValues<Double>>

/// The scores at the end of a stage, the examples that it drew, and the agreement of its tasks.
package struct StageResult: Codable, Sendable, Equatable {
    package let stage: StageName
    package let steps: Int
    /// Each task's score with the kept state; nil if it was never scored.
    package let tasks: NamedValues<KeptScore?>
    package let drawn: NamedValues<DrawnShare>
    /// Nil if it was not measured, or if no tasks share what the stage trains.
    package let agreement: TaskAgreement?
    /// The means over the stage's steps; nil if no step combined gradients other than by the sum.
    package let effect: CombinationEffect?

    package init(
        stage: StageName, steps: Int, tasks: NamedValues<KeptScore?>, drawn: NamedValues<DrawnShare>,
        agreement: TaskAgreement? = nil, effect: CombinationEffect? = nil
    ) {
        (self.stage, self.steps, self.tasks, self.drawn) = (stage, steps, tasks, drawn)
        (self.agreement, self.effect) = (agreement, effect)
    }
}
