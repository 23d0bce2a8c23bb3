package import Formats

/// An optimizer step.
package struct StepReport: Encodable, Sendable {
    /// A task's name and the indices of its examples.
    package struct MicroBatch: Codable, Sendable, Equatable {
        package let task: String
        package let examples: [Int]

        package init(task: String, examples: [Int]) { (self.task, self.examples) = (task, examples) }
    }

    package let stage: StageName
    /// The step's number in the run, from 1.
    package let step: Int
    /// Its number in the stage, from 1, and the number of steps in the stage.
    package let stageStep, stageSteps: Int
    package let microBatches: [MicroBatch]
    /// The mean loss of each drawn task, before the update.
    package let losses: NamedValues<Double>
    /// The learning rate of each parameter kind.
    package let learningRates: NamedValues<Double>
    /// The norm of the whole gradient before clipping.
    package let gradientNorm: Double
    /// The inner products of the gradients of the tasks' mean losses over all shared parameters, in the
    /// study's order, with nil where a task took no part; nil unless tasks were compared.
    package let gramian: [[Double?]]?
    /// By part of the parameters, the weights of the tasks' gradients; nil with the rule `sum`, and if no two
    /// tasks of the step share any.
    package let weights: NamedValues<NamedValues<Double>>?
    /// By part, the inner products that the rule made the weights of; nil without weights.
    package let gramians: NamedValues<[[Double]]>?
    /// The weights of the tasks' losses; nil with the rule `sum`.
    package let lossWeights: NamedValues<Double>?
    /// The agreement of tasks, for curves; nil if it is not measured.
    package let agreement: AgreementCurves?
    /// `gramian` by kind of parameter and layer, up to the diagonal.
    private let sharedGramians: NamedValues<[[Double?]]>?
    /// The gradient and update compared with those of the sum; nil if they are those of the sum.
    package let effect: CombinationEffect?
    /// Tokens of all micro-batches.
    package let tokens: Int
    /// Bytes that each rank sent for the sums.
    package let bytes: Int
    /// Seconds of the step, and of its waiting for other ranks and exchanging sums.
    package let seconds, secondsWaiting, secondsCommunicating: Double

    private enum CodingKeys: CodingKey {
        case stage, step, microBatches, losses, learningRates, gradientNorm, gramian, weights, gramians,
            sharedGramians, lossWeights, effect, tokens, bytes, seconds, secondsWaiting, secondsCommunicating
    }

    package init(
        stage: StageName, step: Int, stageStep: Int, stageSteps: Int, microBatches: [MicroBatch],
        losses: NamedValues<Double>,
        learningRates: NamedValues<Double>, gradientNorm: Double, combination: CombinationReport? = nil,
        gramian: [[Double?]]? = nil, agreement: AgreementCurves? = nil, tokens: Int, bytes: Int,
        seconds: Double, secondsWaiting: Double, secondsCommunicating: Double
    ) {
        (self.stage, self.step, self.stageStep, self.stageSteps) = (stage, step, stageStep, stageSteps)
        (self.microBatches, self.losses, self.learningRates) = (microBatches, losses, learningRates)
        (self.gradientNorm, self.tokens, self.bytes) = (gradientNorm, tokens, bytes)
        (self.gramian, self.agreement, sharedGramians) = (gramian, agreement, agreement?.gramians)
        let parts = combination.flatMap { $0.isOfSharedParameters ? $0.parts.entries : nil }
        weights = parts.map { NamedValues($0.map { ($0.name, $0.value.weights) }) }
        gramians = parts.map { NamedValues($0.map { ($0.name, $0.value.gramian) }) }
        (lossWeights, effect) = (combination?.lossWeights, combination?.effect)
        (self.seconds, self.secondsWaiting) = (seconds, secondsWaiting)
        self.secondsCommunicating = secondsCommunicating
    }

    /// Whether the step computed the encoder: heads read cached vectors, and their rates say nothing of it.
    package var passesEncoder: Bool { stage != .head }

    /// Examples of all tasks.
    package var examples: Int { microBatches.reduce(0) { $0 + $1.examples.count } }
}
