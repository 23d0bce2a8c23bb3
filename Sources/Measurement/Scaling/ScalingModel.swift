import Coordination

/// Predicts the time of a step on N ranks of a network, as a pure function of measured parts.
///
/// T(N) = compute(N) + update + planning + communication(N), where
///
/// - compute(N) is the load of the most loaded rank, with micro-batches assigned as in training, averaged
///   over the measured steps: at least ⌈U/N⌉ of the U micro-batches of a step;
/// - update and planning do not shrink with N: every rank updates, and all wait while one plans;
/// - communication(N) is the broadcasts of the directive's length and words, and the all-reduces of exponents
///   and sums. Each of the four calls begins with a barrier.
///
/// Nothing overlaps, as in training: the sums need all gradients, and the next step needs the update.
/// Operating system noise and other users of the network are not modelled.
package struct ScalingModel: Sendable, Equatable {
    package let parts: StepParts
    package let interconnect: Interconnect

    package init(_ parts: StepParts, on interconnect: Interconnect) {
        (self.parts, self.interconnect) = (parts, interconnect)
    }

    /// The step on `ranks` ranks; nil if they outnumber the micro-batches.
    package func prediction(ranks: Int) -> ScalingPrediction? {
        let computing = parts.computing(ranks)
        guard ranks > 0, computing <= parts.microBatchCount else { return nil }
        return ScalingPrediction(
            ranks: ranks, nodes: (ranks + interconnect.ranksPerNode - 1) / interconnect.ranksPerNode,
            examples: parts.examples, compute: compute(computing), replicated: parts.update + parts.planning,
            barriers: ranks > 1 ? 4 * interconnect.barrier(ranks: ranks) : 0, transfers: transfers(ranks))
    }

    /// The step with N times the examples on N ranks: the work per rank is constant.
    package func weakPrediction(ranks: Int) -> ScalingPrediction? {
        guard ranks > 0 else { return nil }
        return ScalingModel(parts.enlarged(parts.computing(ranks)), on: interconnect).prediction(ranks: ranks)
    }

    /// The largest number of ranks, among 1, 2, 4 … `limit`, with an efficiency of at least `least`.
    package func mostRanks(efficiency least: Double = 0.5, upTo limit: Int = 1024) -> ScalingPrediction? {
        guard let alone = prediction(ranks: 1) else { return nil }
        var most = alone
        for ranks in powersOfTwo(upTo: limit) {
            if let point = prediction(ranks: ranks), point.efficiency(alone: alone) >= least { most = point }
        }
        return most
    }

    /// Seconds of the most loaded rank, averaged over the measured steps.
    private func compute(_ computing: Int) -> Double {
        let ranks = Array(0..<computing)
        let loads = parts.microBatches.map { costs in
            if computing == 1 { return costs.reduce(0, +) }
            var load = [Double](repeating: 0, count: computing)
            for (cost, rank) in zip(costs, assign(costs: costs, to: ranks)) { load[rank] += cost }
            return load.max() ?? 0
        }
        return loads.reduce(0, +) / Double(max(1, loads.count))
    }

    /// Seconds of a step's four collective calls, without waiting for late ranks.
    private func transfers(_ ranks: Int) -> Double {
        guard ranks > 1 else { return 0 }
        return interconnect.broadcast(bytes: 8, ranks: ranks)
            + interconnect.broadcast(bytes: parts.messages.directive, ranks: ranks)
            + interconnect.allReduce(bytes: parts.messages.exponents, ranks: ranks)
            + interconnect.allReduce(bytes: parts.messages.sums, ranks: ranks)
    }
}

/// 1, 2, 4 … `limit`.
func powersOfTwo(upTo limit: Int) -> [Int] {
    var powers: [Int] = []
    while powers.count < 62, 1 << powers.count <= limit { powers.append(1 << powers.count) }
    return powers
}
