import Coordination
import Diagnostics

/// The parts of a step, measured on a few ranks.
package struct StepParts: Codable, Sendable, Equatable {
    /// Examples of a step and of a micro-batch: `batch.examples` and `batch.microBatch`.
    package let examples, microBatch: Int
    /// Seconds of each micro-batch, for several measured steps.
    package let microBatches: [[Double]]
    /// Seconds of the update, which every rank computes.
    package let update: Double
    /// Seconds in which the coordinator draws the plan while the other ranks wait.
    package let planning: Double
    package let messages: Messages
    /// Whether one rank only coordinates.
    package let isDedicated: Bool

    /// Bytes of a step's collective calls.
    package struct Messages: Codable, Sendable, Equatable {
        /// The coordinator's broadcast.
        package let directive: Int
        /// The two all-reduces.
        package let exponents, sums: Int

        package init(directive: Int, exponents: Int, sums: Int) {
            (self.directive, self.exponents, self.sums) = (directive, exponents, sums)
        }
    }

    /// At least one of the measured steps must have micro-batches.
    package init(
        examples: Int, microBatch: Int, microBatches: [[Double]], update: Double, planning: Double,
        messages: Messages, isDedicated: Bool
    ) {
        (self.examples, self.microBatch) = (examples, microBatch)
        self.microBatches = microBatches.filter { !$0.isEmpty }
        (self.update, self.planning) = (update, planning)
        (self.messages, self.isDedicated) = (messages, isDedicated)
    }

    /// Micro-batches of a step: the largest number of ranks that can compute.
    package var microBatchCount: Int { (examples + microBatch - 1) / microBatch }
    /// The number of computing ranks: all but a dedicated coordinator.
    package func computing(_ ranks: Int) -> Int { isDedicated && ranks > 1 ? ranks - 1 : ranks }
    /// Seconds of a micro-batch: the mean, and the standard deviation relative to it.
    package var microBatchSeconds: (mean: Double, spread: Double) {
        let all = microBatches.flatMap(\.self)
        let mean = all.mean ?? 0
        let variance = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, all.count))
        return (mean, mean > 0 ? variance.squareRoot() / mean : 0)
    }

    /// A step with `factor` times the examples, with the micro-batches of as many measured steps.
    ///
    /// Planning and the directive grow with the micro-batches; the update and the sums do not.
    func enlarged(_ factor: Int) -> StepParts {
        let taken = factor < 16 ? microBatches.indices : microBatches.indices.prefix(1)
        return StepParts(
            examples: examples * factor, microBatch: microBatch,
            microBatches: taken.map { first in
                (0..<factor).flatMap { microBatches[(first + $0) % microBatches.count] }
            }, update: update, planning: planning * Double(factor),
            messages: Messages(
                directive: messages.directive * factor, exponents: messages.exponents, sums: messages.sums),
            isDedicated: isDedicated)
    }

    /// A step with micro-batches of `size` examples; the cost of each example is unchanged.
    func divided(microBatch size: Int) -> StepParts {
        let count = (examples + size - 1) / size
        return StepParts(
            examples: examples, microBatch: size,
            microBatches: microBatches.map { seconds in
                // Each example's share of the time of its micro-batch, in order.
                let each = seconds.enumerated().flatMap { index, seconds in
                    let own = max(1, min(microBatch, examples - index * microBatch))
                    return [Double](repeating: seconds / Double(own), count: own)
                }
                return stride(from: 0, to: each.count, by: size).map { start in
                    each[start..<min(start + size, each.count)].reduce(0, +)
                }
            }, update: update, planning: planning,
            messages: Messages(
                directive: max(
                    8, messages.directive + Directive.bytesPerMicroBatch * (count - microBatchCount)),
                exponents: messages.exponents, sums: messages.sums), isDedicated: isDedicated)
    }
}
