package import Formats

/// One optimizer step.
package struct StepReport: Encodable, Sendable {
    /// A micro-batch: a task's name and the indices of its examples.
    package struct Unit: Encodable, Sendable, Equatable {
        package let task: String
        package let examples: [Int]

        package init(task: String, examples: [Int]) {
            self.task = task
            self.examples = examples
        }
    }

    /// The stage's name.
    package let stage: String
    /// The step's number in the run, from 1.
    package let step: Int
    /// Its number in the stage, from 1, and how many the stage has.
    package let stageStep: Int, stageSteps: Int
    package let units: [Unit]
    /// The mean loss of each task that took part, before the update.
    package let losses: NamedValues<Double>
    /// The learning rate of each kind.
    package let learningRates: NamedValues<Double>
    /// The norm of the whole gradient before clipping.
    package let gradientNorm: Double
    /// Tokens of all units.
    package let tokens: Int
    /// What each rank sent for the sums, in bytes.
    package let bytes: Int
    /// Seconds of the whole step, and those of them spent waiting for other ranks and exchanging sums.
    package let seconds: Double, secondsWaiting: Double, secondsCommunicating: Double

    private enum CodingKeys: CodingKey {
        case stage, step, units, losses, learningRates, gradientNorm, tokens, bytes, seconds, secondsWaiting,
            secondsCommunicating
    }

    package init(
        stage: String, step: Int, stageStep: Int, stageSteps: Int, units: [Unit], losses: NamedValues<Double>,
        learningRates: NamedValues<Double>, gradientNorm: Double, tokens: Int, bytes: Int, seconds: Double,
        secondsWaiting: Double, secondsCommunicating: Double
    ) {
        self.stage = stage
        self.step = step
        self.stageStep = stageStep
        self.stageSteps = stageSteps
        self.units = units
        self.losses = losses
        self.learningRates = learningRates
        self.gradientNorm = gradientNorm
        self.tokens = tokens
        self.bytes = bytes
        self.seconds = seconds
        self.secondsWaiting = secondsWaiting
        self.secondsCommunicating = secondsCommunicating
    }

    /// Examples of all tasks.
    package var examples: Int { units.reduce(0) { $0 + $1.examples.count } }
}
