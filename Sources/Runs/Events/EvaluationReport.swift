import Formats

/// An evaluation of all tasks.
package struct EvaluationReport: Encodable, Sendable {
    package let stage: String
    /// The number of the run's steps before it.
    package let step: Int
    package let scores: [TaskEvaluation]
    /// Seconds of the evaluation, and of its waiting for other ranks and exchanging logits.
    package let seconds, secondsWaiting, secondsCommunicating: Double

    package init(
        stage: String, step: Int, scores: [TaskEvaluation], seconds: Double, secondsWaiting: Double,
        secondsCommunicating: Double
    ) {
        (self.stage, self.step, self.scores, self.seconds) = (stage, step, scores, seconds)
        (self.secondsWaiting, self.secondsCommunicating) = (secondsWaiting, secondsCommunicating)
    }

    private enum CodingKeys: CodingKey {
        case stage, step, tasks, seconds, secondsWaiting, secondsCommunicating
    }

    /// Writes the scores as an object by task.
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
