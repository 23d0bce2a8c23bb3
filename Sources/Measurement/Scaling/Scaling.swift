/// The predicted scaling of a study on a network: added to a ``Benchmark`` by `hadamesh bench --network`.
package struct Scaling: Codable, Sendable, Equatable {
    package let parts: StepParts
    /// The measured step from which the parts were derived.
    package let measured: MeasuredStep
    /// The link between the measured ranks; nil for one rank.
    package let measuredLink: LinkMeasurement?
    package let network: Network
    package let interconnect: Interconnect
    /// Strong scaling: the study's step on 1, 2, 4 … ranks, up to its number of micro-batches.
    package let strong: [ScalingPrediction]
    /// Weak scaling: N times the examples on N = 1, 2, 4 … ranks.
    package let weak: [ScalingPrediction]
    /// The largest number of ranks with an efficiency of 50 %.
    package let paying: ScalingPrediction?
    /// Scaling with other batches.
    package let alternatives: [Alternative]

    /// Other settings of the `batch` section.
    package struct Alternative: Codable, Sendable, Equatable {
        /// `batch.examples` and `batch.microBatch`.
        package let examples, microBatch: Int
        /// Micro-batches of a step.
        package let microBatches: Int
        /// The largest number of ranks with an efficiency of 50 %.
        package let paying: ScalingPrediction
        /// Examples per second on these ranks, relative to the study's own batch on one rank.
        package let speedup: Double
    }

    /// The largest number of ranks considered.
    static let limit = 1024

    package init(
        parts: StepParts, measured: MeasuredStep, measuredLink: LinkMeasurement?, network: Network,
        ranksPerNode: Int
    ) {
        (self.parts, self.measured) = (parts, measured)
        (self.measuredLink, self.network) = (measuredLink, network)
        let isOneNode = network.name == Network.sharedMemory.name
        // Within a node, prefer the measured link to the assumed one.
        let node = measuredLink.flatMap { $0.nodes == 1 ? $0.link : nil } ?? Network.sharedMemory.link
        interconnect = Interconnect(
            node: node, network: isOneNode ? node : network.link,
            ranksPerNode: isOneNode ? Self.limit : ranksPerNode)
        let model = ScalingModel(parts, on: interconnect)
        strong = powersOfTwo(upTo: Self.limit).compactMap { model.prediction(ranks: $0) }
        weak = powersOfTwo(upTo: Self.limit).compactMap { model.weakPrediction(ranks: $0) }
        paying = model.mostRanks(upTo: Self.limit)
        alternatives = Self.alternatives(model)
    }

    /// The study's batch and larger ones, each with the study's micro-batches and smaller ones.
    private static func alternatives(_ model: ScalingModel) -> [Alternative] {
        guard let own = model.prediction(ranks: 1) else { return [] }
        let parts = model.parts
        let microBatches =
            powersOfTwo(upTo: parts.microBatch).filter { $0 < parts.microBatch } + [parts.microBatch]
        return [1, 4, 16].flatMap { factor in
            microBatches.reversed().compactMap { microBatch in
                let changed = parts.divided(microBatch: microBatch).enlarged(factor)
                guard
                    let paying = ScalingModel(changed, on: model.interconnect).mostRanks(upTo: limit)
                else { return nil }
                return Alternative(
                    examples: changed.examples, microBatch: microBatch, microBatches: changed.microBatchCount,
                    paying: paying,
                    speedup: paying.speedup(alone: own))
            }
        }
    }
}
