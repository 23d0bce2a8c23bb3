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
