/// What collective calls cost on hosts of several ranks each: the rounds of the algorithms that MPI libraries use.
///
/// A round costs what its slowest pair of ranks does. Ranks lie on hosts in blocks of ``ranksPerNode``, as `mpirun` fills
/// slots; a round that crosses hosts goes over the network, and what several ranks of a host send at once shares it.
/// N ranks, b bytes, L = ⌈log2 N⌉; where a library may choose among algorithms, the fastest counts, since its tables
/// were made to find that one.
package struct Interconnect: Codable, Sendable, Equatable {
    /// Between two ranks of a host, and between two hosts.
    package let node: Link, network: Link
    /// How many ranks a host has.
    package let ranksPerNode: Int

    /// Bytes a second of adding one message to another: one core's, from memory.
    static let reductionRate = 5e9

    /// Joins hosts by a network.
    ///
    /// - Parameters:
    ///   - node: between two ranks of a host
    ///   - network: between two hosts
    ///   - ranksPerNode: how many ranks a host has
    package init(node: Link, network: Link, ranksPerNode: Int) {
        self.node = node
        self.network = network
        self.ranksPerNode = max(1, ranksPerNode)
    }

    /// A barrier by dissemination: L rounds, in round i every rank r tells rank r + 2^i.
    package func barrier(ranks: Int) -> Double {
        rounds(ranks).reduce(0) { $0 + shift(0, distance: $1, ranks) }
    }

    /// A broadcast: by a binomial tree, L rounds of b bytes; or scattered and gathered again, 2 L rounds of b/2, b/4 ….
    package func broadcast(bytes: Int, ranks: Int) -> Double {
        let bytes = Double(bytes)
        let tree = rounds(ranks).reduce(0) { $0 + exchange(bytes, distance: $1, ranks) }
        return min(tree, halving(bytes, ranks, rounds(ranks)))
    }

    /// An all-reduce: by recursive doubling, L rounds of b bytes; by halving and doubling (Rabenseifner), 2 L rounds of
    /// b/2, b/4 …; or around a ring, 2 (N - 1) rounds of b/N.
    package func allReduce(bytes: Int, ranks: Int) -> Double {
        guard ranks > 1 else { return 0 }
        let bytes = Double(bytes)
        let adding = bytes / Self.reductionRate
        let part = bytes / Double(ranks)
        let ring = 2 * Double(ranks - 1) * shift(part, distance: 1, ranks) + adding
        // Ranks beyond a power of two hand their data to a neighbour first, and get the result last.
        let folded = 1 << (Int.bitWidth - 1 - ranks.leadingZeroBitCount)
        let folding = folded == ranks ? 0 : 2 * exchange(bytes, distance: 1, ranks) + adding
        let inner = rounds(folded)
        // Then the ranks that go on are no longer in step with the hosts.
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

    /// There and back: neighbours exchange half of what they have, then each half of that at twice the distance.
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

    /// A round in which rank r and rank r ± distance swap messages, within aligned blocks of 2 distance ranks.
    private func exchange(_ bytes: Double, distance: Int, _ ranks: Int, aligned: Bool = true) -> Double {
        let isInside = aligned && ranksPerNode.isMultiple(of: 2 * distance)
        if ranks <= ranksPerNode || isInside { return node.seconds(bytes) }
        return slower(bytes, sharing: min(ranksPerNode, distance))
    }

    /// A round in which rank r sends to rank r + distance: some pair lies on two hosts.
    private func shift(_ bytes: Double, distance: Int, _ ranks: Int) -> Double {
        if ranks <= ranksPerNode { return node.seconds(bytes) }
        return slower(bytes, sharing: min(ranksPerNode, distance))
    }

    private func slower(_ bytes: Double, sharing: Int) -> Double {
        max(network.seconds(bytes, sharing: sharing), ranksPerNode > 1 ? node.seconds(bytes) : 0)
    }
}
