/// How far a study scales on a network: what `hadamesh bench --network` adds to a ``Benchmark``.
package struct Scaling: Codable, Sendable, Equatable {
    /// What a step consists of.
    package let parts: StepParts
    /// The step that says so.
    package let measured: MeasuredStep
    /// The link between its ranks, where there were several.
    package let measuredLink: LinkMeasurement?
    /// The network that the prediction is for.
    package let network: Network
    /// What the prediction takes for messages.
    package let interconnect: Interconnect
    /// The study's step on 1, 2, 4 … ranks, as far as it has units.
    package let strong: [ScalingPrediction]
    /// A step of N times the examples on N = 1, 2, 4 … ranks.
    package let weak: [ScalingPrediction]
    /// The most ranks at an efficiency of 50 %.
    package let paying: ScalingPrediction?
    /// What other settings would allow.
    package let alternatives: [Alternative]

    /// Settings of the `batch` section, and how far they scale.
    package struct Alternative: Codable, Sendable, Equatable {
        /// `batch.examples` and `batch.unit`.
        package let examples: Int, unit: Int
        /// How many units a step has.
        package let units: Int
        /// The most ranks at an efficiency of 50 %.
        package let paying: ScalingPrediction
        /// Examples a second on so many ranks, as a multiple of the study's own on one.
        package let speedup: Double
    }

    /// The most ranks that are looked at.
    static let limit = 1024

    /// Predicts.
    ///
    /// - Parameters:
    ///   - parts: what a step consists of
    ///   - measured: the step that says so
    ///   - measuredLink: the link between its ranks
    ///   - network: the network between hosts
    ///   - ranksPerNode: how many ranks a host has
    package init(
        parts: StepParts, measured: MeasuredStep, measuredLink: LinkMeasurement?, network: Network,
        ranksPerNode: Int
    ) {
        self.parts = parts
        self.measured = measured
        self.measuredLink = measuredLink
        self.network = network
        let isOneHost = network.name == Network.sharedMemory.name
        // Between ranks of one host a measurement is better than an assumption.
        let node = measuredLink.flatMap { $0.hosts == 1 ? $0.link : nil } ?? Network.sharedMemory.link
        interconnect = Interconnect(
            node: node, network: isOneHost ? node : network.link,
            ranksPerNode: isOneHost ? Self.limit : ranksPerNode)
        let model = ScalingModel(parts, on: interconnect)
        strong = powersOfTwo(upTo: Self.limit).compactMap { model.prediction(ranks: $0) }
        weak = powersOfTwo(upTo: Self.limit).compactMap { model.weakPrediction(ranks: $0) }
        paying = model.mostRanks(upTo: Self.limit)
        alternatives = Self.alternatives(model)
    }

    /// The study's batch and larger ones, each in its units and in smaller ones.
    private static func alternatives(_ model: ScalingModel) -> [Alternative] {
        guard let own = model.prediction(ranks: 1) else { return [] }
        let parts = model.parts
        let units = powersOfTwo(upTo: parts.unit).filter { $0 < parts.unit } + [parts.unit]
        return [1, 4, 16].flatMap { factor in
            units.reversed().compactMap { unit in
                let changed = parts.divided(unit: unit).enlarged(factor)
                guard
                    let paying = ScalingModel(changed, on: model.interconnect).mostRanks(upTo: limit)
                else { return nil }
                return Alternative(
                    examples: changed.examples, unit: unit, units: changed.unitCount, paying: paying,
                    speedup: paying.speedup(alone: own))
            }
        }
    }
}
