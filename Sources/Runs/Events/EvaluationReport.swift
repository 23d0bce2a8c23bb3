import Formats

/// One evaluation.
package struct EvaluationReport: Encodable, Sendable {
    /// The stage's name.
    package let stage: String
    /// After how many steps of the run.
    package let step: Int
    package let scores: [TaskEvaluation]
    /// Seconds it took, and those of them spent waiting for other ranks and exchanging logits.
    package let seconds: Double, secondsWaiting: Double, secondsCommunicating: Double

    package init(
        stage: String, step: Int, scores: [TaskEvaluation], seconds: Double, secondsWaiting: Double,
        secondsCommunicating: Double
    ) {
        self.stage = stage
        self.step = step
        self.scores = scores
        self.seconds = seconds
        self.secondsWaiting = secondsWaiting
        self.secondsCommunicating = secondsCommunicating
    }

    private enum CodingKeys: CodingKey {
        case stage, step, tasks, seconds, secondsWaiting, secondsCommunicating
    }

    /// Writes scores by task.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(stage, forKey: .stage)
        try container.encode(step, forKey: .step)
        try container.encode(NamedValues(scores.map { ($0.task, $0) }), forKey: .tasks)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(secondsWaiting, forKey: .secondsWaiting)
        try container.encode(secondsCommunicating, forKey: .secondsCommunicating)
    }
}
