/// A sampler that listens to the tasks' scores, at each evaluation.
package protocol ScoreSampler: Sampler {
    /// Takes in the scores of an evaluation; nil for a task that was not scored.
    func hear(scores: [Double?], _ memory: inout SamplerMemory)
}

/// A sampler that listens to the tasks' losses, after each step.
package protocol LossSampler: Sampler {
    /// Takes in the losses of a step, which was drawn with this memory.
    func hear(_ step: StepLosses, _ memory: inout SamplerMemory)
}

extension Sampler {
    /// Whether later shares depend on scores or losses, so that no plan beyond the next step is certain.
    package var listens: Bool { self is any ScoreSampler || self is any LossSampler }
}

/// The losses of a step.
package struct StepLosses: Sendable {
    package let names: [String]
    /// The mean loss of each task; nil for one that took no part.
    package let losses: [Double?]
    /// The micro-batches of each task in the step.
    package let microBatches: [Int]
    /// The probabilities with which the step was drawn; 0 for inactive tasks.
    package let probabilities: [Double]

    package init(names: [String], losses: [Double?], microBatches: [Int], probabilities: [Double]) {
        (self.names, self.losses) = (names, losses)
        (self.microBatches, self.probabilities) = (microBatches, probabilities)
    }
}
