package import Formats

/// An evaluation of all tasks.
package struct EvaluationReport: Encodable, Sendable {
    package let stage: StageName
    /// The number of the run's steps before it.
    package let step: Int
    private let tasks: NamedValues<TaskEvaluation>
    /// The mean of all tasks' latest scores; nil if a task has none yet.
    @Nullable package private(set) var mean: Double?
    /// Each task's requested and realised share of the stage so far.
    package let drawn: NamedValues<DrawnShare>?
    /// The probability with which each task is drawn from here on.
    package let probabilities: NamedValues<Double>?
    /// Seconds of the evaluation, and of its waiting for other ranks and exchanging logits.
    package let seconds, secondsWaiting, secondsCommunicating: Double

    package init(
        stage: StageName, step: Int, scores: [TaskEvaluation], mean: Double?,
        drawn: NamedValues<DrawnShare>? = nil, probabilities: NamedValues<Double>? = nil, seconds: Double,
        secondsWaiting: Double, secondsCommunicating: Double
    ) {
        (self.stage, self.step, self.mean) = (stage, step, mean)
        tasks = NamedValues(scores.map { ($0.task, $0) })
        (self.drawn, self.probabilities) = (drawn, probabilities)
        self.seconds = seconds
        (self.secondsWaiting, self.secondsCommunicating) = (secondsWaiting, secondsCommunicating)
    }

    /// The scores of the tasks that were scored.
    package var scores: [TaskEvaluation] { tasks.values }

    /// The name of an evaluated split for readers: of the training split only held-out examples are scored.
    package static func label(ofSplit split: String) -> String { split == "train" ? "held-out" : split }

    /// One label for several splits; MNLI's two dev splits are `dev`.
    package static func label(ofSplits splits: [String]) -> String {
        Set(splits.map { $0.hasPrefix("dev") ? "dev" : label(ofSplit: $0) }).sorted().joined(separator: "+")
    }
}
