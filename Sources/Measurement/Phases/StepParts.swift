/// What a step consists of, as it was measured on a few ranks.
package struct StepParts: Codable, Sendable, Equatable {
    /// Examples of a step and of a unit: `batch.examples` and `batch.unit`.
    package let examples: Int, unit: Int
    /// The seconds of each unit, for some steps that were measured.
    package let units: [[Double]]
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

    /// Joins what was measured; at least one step has units.
    package init(
        examples: Int, unit: Int, units: [[Double]], update: Double, planning: Double, messages: Messages,
        isDedicated: Bool
    ) {
        self.examples = examples
        self.unit = unit
        self.units = units.filter { !$0.isEmpty }
        self.update = update
        self.planning = planning
        self.messages = messages
        self.isDedicated = isDedicated
    }

    /// How many units a step has, and so the most ranks that can compute.
    package var unitCount: Int { (examples + unit - 1) / unit }
    /// Ranks of which all but a dedicated coordinator compute.
    package func computing(_ ranks: Int) -> Int { isDedicated && ranks > 1 ? ranks - 1 : ranks }
    /// Seconds of a unit: the mean, and the standard deviation as a share of it.
    package var unitSeconds: (mean: Double, spread: Double) {
        let all = units.flatMap(\.self)
        let mean = all.reduce(0, +) / Double(max(1, all.count))
        let variance = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, all.count))
        return (mean, mean > 0 ? variance.squareRoot() / mean : 0)
    }

    /// The step of `factor` times as many examples: as many steps' units in one.
    ///
    /// Planning and its message grow with the units, the update and the sums do not.
    func enlarged(_ factor: Int) -> StepParts {
        let taken = factor < 16 ? units.indices : units.indices.prefix(1)
        return StepParts(
            examples: examples * factor, unit: unit,
            units: taken.map { first in
                (0..<factor).flatMap { units[(first + $0) % units.count] }
            }, update: update, planning: planning * Double(factor),
            messages: Messages(
                directive: messages.directive * factor, exponents: messages.exponents, sums: messages.sums),
            isDedicated: isDedicated)
    }

    /// The same examples in units of another size, each example as dear as before.
    func divided(unit size: Int) -> StepParts {
        let count = (examples + size - 1) / size
        return StepParts(
            examples: examples, unit: size,
            units: units.map { seconds in
                // Examples in their order, each with its share of its unit's time.
                let each = seconds.enumerated().flatMap { index, seconds in
                    let own = max(1, min(unit, examples - index * unit))
                    return [Double](repeating: seconds / Double(own), count: own)
                }
                return stride(from: 0, to: each.count, by: size).map { start in
                    each[start..<min(start + size, each.count)].reduce(0, +)
                }
            }, update: update, planning: planning,
            messages: Messages(
                directive: max(8, messages.directive + 24 * (count - unitCount)),
                exponents: messages.exponents, sums: messages.sums), isDedicated: isDedicated)
    }
}
