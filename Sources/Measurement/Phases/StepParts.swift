/// What a step consists of, as it was measured on a few ranks.
package struct StepParts: Codable, Sendable, Equatable {
    /// Examples of a step and of a micro-batch: `batch.examples` and `batch.microBatch`.
    package let examples: Int, microBatch: Int
    /// The seconds of each micro-batch, for some steps that were measured.
    package let microBatches: [[Double]]
    /// Seconds of the update, which every rank computes.
    package let update: Double
    /// Seconds in which the coordinator draws the step's plan and the others wait for it.
    package let planning: Double
    /// The messages of a step: what to do, the largest exponents, the sums.
    package let messages: Messages
    /// Whether one rank only coordinates.
    package let isDedicated: Bool

    /// The payload of a step's collective calls.
    package struct Messages: Codable, Sendable, Equatable {
        /// Bytes of the coordinator's broadcast.
        package let directive: Int
        /// Bytes of the all-reduce of exponents, and of that of sums.
        package let exponents: Int, sums: Int

        /// Names the sizes.
        package init(directive: Int, exponents: Int, sums: Int) {
            self.directive = directive
            self.exponents = exponents
            self.sums = sums
        }
    }

    /// Joins what was measured; at least one step has micro-batches.
    package init(
        examples: Int, microBatch: Int, microBatches: [[Double]], update: Double, planning: Double,
        messages: Messages,
        isDedicated: Bool
    ) {
        self.examples = examples
        self.microBatch = microBatch
        self.microBatches = microBatches.filter { !$0.isEmpty }
        self.update = update
        self.planning = planning
        self.messages = messages
        self.isDedicated = isDedicated
    }

    /// How many micro-batches a step has, and so the most ranks that can compute.
    package var microBatchCount: Int { (examples + microBatch - 1) / microBatch }
    /// Ranks of which all but a dedicated coordinator compute.
    package func computing(_ ranks: Int) -> Int { isDedicated && ranks > 1 ? ranks - 1 : ranks }
    /// Seconds of a micro-batch: the mean, and the standard deviation as a share of it.
    package var microBatchSeconds: (mean: Double, spread: Double) {
        let all = microBatches.flatMap(\.self)
        let mean = all.reduce(0, +) / Double(max(1, all.count))
        let variance = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, all.count))
        return (mean, mean > 0 ? variance.squareRoot() / mean : 0)
    }

    /// The step of `factor` times as many examples: as many steps' micro-batches in one.
    ///
    /// Planning and its message grow with the micro-batches, the update and the sums do not.
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

    /// The same examples in micro-batches of another size, each example as dear as before.
    func divided(microBatch size: Int) -> StepParts {
        let count = (examples + size - 1) / size
        return StepParts(
            examples: examples, microBatch: size,
            microBatches: microBatches.map { seconds in
                // Examples in their order, each with its share of its micro-batch's time.
                let each = seconds.enumerated().flatMap { index, seconds in
                    let own = max(1, min(microBatch, examples - index * microBatch))
                    return [Double](repeating: seconds / Double(own), count: own)
                }
                return stride(from: 0, to: each.count, by: size).map { start in
                    each[start..<min(start + size, each.count)].reduce(0, +)
                }
            }, update: update, planning: planning,
            messages: Messages(
                directive: max(8, messages.directive + 24 * (count - microBatchCount)),
                exponents: messages.exponents, sums: messages.sums), isDedicated: isDedicated)
    }
}
