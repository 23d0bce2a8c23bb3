/// A measured step.
package struct MeasuredStep: Codable, Sendable, Equatable {
    package let ranks: Int
    /// Seconds of the step, and of moving data in its collective calls.
    package let seconds, transfers: Double

    package init(ranks: Int, seconds: Double, transfers: Double) {
        (self.ranks, self.seconds, self.transfers) = (ranks, seconds, transfers)
    }
}
