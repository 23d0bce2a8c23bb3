package import Collectives
import Diagnostics
import Runs

/// The link between the ranks of a world, derived from all-reduces of two sizes.
package struct LinkMeasurement: Codable, Sendable, Equatable {
    package let ranks, nodes: Int
    /// Median seconds of the small call, including the barrier before it.
    package let smallSeconds: Double
    /// Bytes of the large call, and its median seconds.
    package let largeBytes: Int, largeSeconds: Double
    /// The link between nodes, or between ranks if there is only one node.
    package let link: Link

    /// Bytes of the small call.
    static let smallBytes = 8
    /// Smaller messages are dominated by latency.
    static let leastLarge = 1 << 16

    /// Measures for a fraction of a second, with a large message of `bytes` bytes, but at least 64 KiB.
    ///
    /// A collective; nil for a world of one rank.
    package static func measured(
        between world: any Communicator, nodes: Int, bytes: Int
    ) throws -> LinkMeasurement? {
        guard world.size > 1 else { return nil }
        let count = max(leastLarge, bytes) / 8
        let small = try median(of: 200, world, count: smallBytes / 8)
        let large = try median(of: 40, world, count: count)
        return LinkMeasurement(
            ranks: world.size, nodes: nodes, smallSeconds: small, largeBytes: count * 8, largeSeconds: large)
    }

    /// Fits the link for which the modelled calls take as long as the measured ones.
    ///
    /// Seconds include the barrier before each all-reduce; `nodes` nodes have equal numbers of ranks.
    package init(ranks: Int, nodes: Int, smallSeconds: Double, largeBytes: Int, largeSeconds: Double) {
        (self.ranks, self.nodes, self.smallSeconds) = (ranks, nodes, smallSeconds)
        (self.largeBytes, self.largeSeconds) = (largeBytes, largeSeconds)
        func seconds(_ link: Link, _ bytes: Int) -> Double {
            let interconnect = Interconnect(
                node: nodes > 1 ? Network.sharedMemory.link : link, network: link,
                ranksPerNode: (ranks + nodes - 1) / nodes)
            return interconnect.barrier(ranks: ranks) + interconnect.allReduce(bytes: bytes, ranks: ranks)
        }
        // Both costs are monotonic in the unknown; bisection covers nine decades.
        let latency = solved(from: 1e-9, to: 1) { latency in
            seconds(Link(latency: latency, bandwidth: 1e15), Self.smallBytes) < smallSeconds
        }
        let perByte = solved(from: 1e-13, to: 1e-4) { perByte in
            seconds(Link(latency: latency, bandwidth: 1 / perByte), largeBytes) < largeSeconds
        }
        link = Link(latency: latency, bandwidth: 1 / perByte)
    }

    private static func median(of calls: Int, _ world: any Communicator, count: Int) throws -> Double {
        var values = [Int64](repeating: 1, count: count)
        var times: [Double] = []
        for call in 0..<calls + 5 {
            for i in values.indices { values[i] = 1 }
            let start = MonotonicClock.seconds
            try world.allReduce(&values, .sum)
            // The first calls open connections and are not counted.
            if call >= 5 { times.append(MonotonicClock.seconds - start) }
        }
        return times.median ?? 0
    }
}

/// Bisects, on a logarithmic scale, for the largest number for which `isBelow` holds.
private func solved(from low: Double, to high: Double, _ isBelow: (Double) -> Bool) -> Double {
    var (low, high) = (low, high)
    for _ in 0..<60 {
        let middle = (low * high).squareRoot()
        if isBelow(middle) { low = middle } else { high = middle }
    }
    return low
}
