/// A task's share of the examples that a stage drew.
package struct DrawnShare: Codable, Sendable, Equatable {
    /// The sampler's share, and the share that was drawn.
    package let requested, realised: Double
    package let examples: Int

    package init(requested: Double, realised: Double, examples: Int) {
        (self.requested, self.realised, self.examples) = (requested, realised, examples)
    }
}
