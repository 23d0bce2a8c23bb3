import Coordination

/// How long a step takes on N ranks of a network: a pure function of what was measured.
///
/// T(N) = compute(N) + update + planning + communication(N), where
///
/// - compute(N) is the load of the most loaded rank after units were assigned as training assigns them, the mean over
///   the measured steps: at least ⌈U/N⌉ units of the U that a step has;
/// - update and planning are done once by all, or by one while all wait: they do not shrink;
/// - communication(N) is the directive's length and words, broadcast, and the all-reduces of exponents and sums. Each
///   of the four calls begins with a barrier.
///
/// Nothing is overlapped, because nothing is in training: the sums need all gradients, and the next step needs the
/// update. Neither noise of hosts nor other users of a network are in it.
package struct ScalingModel: Sendable, Equatable {
    /// What a step consists of.
    package let parts: StepParts
    /// What messages cost.
    package let interconnect: Interconnect

    /// A step on a network.
    ///
    /// - Parameters:
    ///   - parts: what a step consists of
    ///   - interconnect: what messages cost
    package init(_ parts: StepParts, on interconnect: Interconnect) {
        self.parts = parts
        self.interconnect = interconnect
    }

    /// The step on so many ranks; nil where there are more of them than units.
    package func prediction(ranks: Int) -> ScalingPrediction? {
        let computing = parts.computing(ranks)
        guard ranks > 0, computing <= parts.unitCount else { return nil }
        return ScalingPrediction(
            ranks: ranks, hosts: (ranks + interconnect.ranksPerNode - 1) / interconnect.ranksPerNode,
            examples: parts.examples, compute: compute(computing), replicated: parts.update + parts.planning,
            barriers: ranks > 1 ? 4 * interconnect.barrier(ranks: ranks) : 0, transfers: transfers(ranks))
    }

    /// The step with N times the examples on N ranks: as much work for each rank as one rank has alone.
    package func weakPrediction(ranks: Int) -> ScalingPrediction? {
        guard ranks > 0 else { return nil }
        return ScalingModel(parts.enlarged(parts.computing(ranks)), on: interconnect).prediction(ranks: ranks)
    }

    /// The most ranks, among 1, 2, 4 … `limit`, whose efficiency is at least `least`.
    package func mostRanks(efficiency least: Double = 0.5, upTo limit: Int = 1024) -> ScalingPrediction? {
        guard let alone = prediction(ranks: 1) else { return nil }
        var most = alone
        for ranks in powersOfTwo(upTo: limit) {
            if let point = prediction(ranks: ranks), point.efficiency(alone: alone) >= least { most = point }
        }
        return most
    }

    /// Seconds of the most loaded rank, the mean over the measured steps.
    private func compute(_ computing: Int) -> Double {
        let ranks = Array(0..<computing)
        let loads = parts.units.map { costs in
            if computing == 1 { return costs.reduce(0, +) }
            var load = [Double](repeating: 0, count: computing)
            for (cost, rank) in zip(costs, assign(costs: costs, to: ranks)) { load[rank] += cost }
            return load.max() ?? 0
        }
        return loads.reduce(0, +) / Double(max(1, loads.count))
    }

    /// Seconds of a step's four collective calls, after every rank has come to them.
    private func transfers(_ ranks: Int) -> Double {
        guard ranks > 1 else { return 0 }
        return interconnect.broadcast(bytes: 8, ranks: ranks)
            + interconnect.broadcast(bytes: parts.messages.directive, ranks: ranks)
            + interconnect.allReduce(bytes: parts.messages.exponents, ranks: ranks)
            + interconnect.allReduce(bytes: parts.messages.sums, ranks: ranks)
    }
}

/// A step on so many ranks, as the model has it.
package struct ScalingPrediction: Codable, Sendable, Equatable {
    /// How many ranks, on how many hosts.
    package let ranks: Int, hosts: Int
    /// Examples of the step.
    package let examples: Int
    /// Seconds of the most loaded rank's units, and of what does not shrink with ranks.
    package let compute: Double, replicated: Double
    /// Seconds of the barriers that begin collective calls, and of the calls' own messages.
    package let barriers: Double, transfers: Double

    /// Seconds of collective calls.
    package var communication: Double { barriers + transfers }
    /// Seconds of the step.
    package var seconds: Double { compute + replicated + communication }
    /// The share of collective calls.
    package var communicationShare: Double { seconds > 0 ? communication / seconds : 0 }

    /// How much faster examples go through than on one rank.
    package func speedup(alone: ScalingPrediction) -> Double {
        guard seconds > 0, alone.examples > 0 else { return 1 }
        return alone.seconds / seconds * Double(examples) / Double(alone.examples)
    }

    /// The speed-up as a share of the ranks.
    package func efficiency(alone: ScalingPrediction) -> Double { speedup(alone: alone) / Double(ranks) }
}

/// 1, 2, 4 … `limit`.
func powersOfTwo(upTo limit: Int) -> [Int] {
    var powers: [Int] = []
    while powers.count < 62, 1 << powers.count <= limit { powers.append(1 << powers.count) }
    return powers
}
