/// The cost of collective calls on nodes of several ranks, by the rounds of the algorithms in MPI libraries.
///
/// A round costs as much as its slowest pair of ranks. Ranks are placed on nodes in blocks of
/// ``ranksPerNode``, as `mpirun` fills slots; a round that crosses nodes uses the network, whose bandwidth is
/// shared by the ranks of a node that send in that round. N ranks, b bytes, L = ⌈log2 N⌉. Of several
/// algorithms the fastest counts, since libraries choose by tables tuned for speed.
package struct Interconnect: Codable, Sendable, Equatable {
    /// The links between two ranks of a node, and between two nodes.
    package let node, network: Link
    package let ranksPerNode: Int

    /// Bytes per second of adding one message to another, on one core from memory.
    static let reductionRate = 5e9

    package init(node: Link, network: Link, ranksPerNode: Int) {
        (self.node, self.network, self.ranksPerNode) = (node, network, max(1, ranksPerNode))
    }

    /// A dissemination barrier: L rounds; in round i every rank r sends to rank r + 2^i.
    package func barrier(ranks: Int) -> Double {
        rounds(ranks).reduce(0) { $0 + shift(0, distance: $1, ranks) }
    }

    /// A broadcast: a binomial tree, L rounds of b bytes; or scatter and all-gather, 2 L rounds of b/2, b/4
    /// ….
    package func broadcast(bytes: Int, ranks: Int) -> Double {
        let bytes = Double(bytes)
        let tree = rounds(ranks).reduce(0) { $0 + exchange(bytes, distance: $1, ranks) }
        return min(tree, halving(bytes, ranks, rounds(ranks)))
    }

    /// An all-reduce: recursive doubling, L rounds of b bytes; halving and doubling (Rabenseifner), 2 L
    /// rounds of b/2, b/4 …; or a ring, 2 (N - 1) rounds of b/N.
    package func allReduce(bytes: Int, ranks: Int) -> Double {
        guard ranks > 1 else { return 0 }
        let bytes = Double(bytes)
        let adding = bytes / Self.reductionRate
        let part = bytes / Double(ranks)
        let ring = 2 * Double(ranks - 1) * shift(part, distance: 1, ranks) + adding
        // Ranks beyond a power of two first send their data to a neighbour, and receive the result at the
        // end.
        let folded = 1 << (Int.bitWidth - 1 - ranks.leadingZeroBitCount)
        let folding = folded == ranks ? 0 : 2 * exchange(bytes, distance: 1, ranks) + adding
        let inner = rounds(folded)
        // After folding, the remaining ranks are no longer aligned with the nodes.
        let aligned = folded == ranks
        let doubling =
            folding + inner.reduce(0) { $0 + exchange(bytes, distance: $1, ranks, aligned: aligned) + adding }
        return min(ring, doubling, folding + halving(bytes, ranks, inner, aligned: aligned) + adding)
    }

    /// The distances 1, 2, 4 … of the rounds that reach all ranks.
    private func rounds(_ ranks: Int) -> [Int] {
        var distances: [Int] = []
        while distances.count < 62, 1 << distances.count < ranks { distances.append(1 << distances.count) }
        return distances
    }

    /// Halving and doubling: neighbours exchange half of their data, then half of that at twice the distance,
    /// and back.
    private func halving(
        _ bytes: Double, _ ranks: Int, _ distances: [Int], aligned: Bool = true
    ) -> Double {
        var bytes = bytes
        var total = 0.0
        for distance in distances {
            bytes /= 2
            total += 2 * exchange(bytes, distance: distance, ranks, aligned: aligned)
        }
        return total
    }

    /// A round in which ranks r and r ± distance swap messages, within aligned blocks of 2 distance ranks.
    private func exchange(_ bytes: Double, distance: Int, _ ranks: Int, aligned: Bool = true) -> Double {
        let isInside = aligned && ranksPerNode.isMultiple(of: 2 * distance)
        if ranks <= ranksPerNode || isInside { return node.seconds(bytes) }
        return slower(bytes, sharing: min(ranksPerNode, distance))
    }

    /// A round in which rank r sends to rank r + distance: some pair spans two nodes.
    private func shift(_ bytes: Double, distance: Int, _ ranks: Int) -> Double {
        if ranks <= ranksPerNode { return node.seconds(bytes) }
        return slower(bytes, sharing: min(ranksPerNode, distance))
    }

    private func slower(_ bytes: Double, sharing: Int) -> Double {
        max(network.seconds(bytes, sharing: sharing), ranksPerNode > 1 ? node.seconds(bytes) : 0)
    }
}
