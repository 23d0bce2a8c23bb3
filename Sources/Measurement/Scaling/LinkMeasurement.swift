package import Collectives
import Diagnostics
import Dispatch

/// The link between the ranks of a world, from all-reduces of two sizes.
package struct LinkMeasurement: Codable, Sendable, Equatable {
    /// How many ranks, on how many hosts.
    package let ranks: Int, hosts: Int
    /// Median seconds of the small call, with the barrier before it.
    package let smallSeconds: Double
    /// Bytes of the large call, and its median seconds.
    package let largeBytes: Int, largeSeconds: Double
    /// What the two say: between hosts where there are several, between ranks of the one host otherwise.
    package let link: Link

    /// Bytes of the small call.
    static let smallBytes = 8
    /// Below this a message says too little of a link's bandwidth.
    static let leastLarge = 1 << 16

    /// Measures for a fraction of a second, with a message of so many bytes, if it isn't too small, as the large one.
    ///
    /// All ranks of the world call it; nil for a world of one.
    package static func measured(
        between world: any Communicator, hosts: Int, bytes: Int
    ) throws -> LinkMeasurement? {
        guard world.size > 1 else { return nil }
        let count = max(leastLarge, bytes) / 8
        let small = try median(of: 200, world, count: smallBytes / 8)
        let large = try median(of: 40, world, count: count)
        return LinkMeasurement(
            ranks: world.size, hosts: hosts, smallSeconds: small, largeBytes: count * 8, largeSeconds: large)
    }

    /// Finds the link on which the model's calls take as long as measured ones.
    ///
    /// - Parameters:
    ///   - ranks: how many ranks
    ///   - hosts: on how many hosts, equally many on each
    ///   - smallSeconds: seconds of an all-reduce of one number, with the barrier before it
    ///   - largeBytes: the size of the large all-reduce
    ///   - largeSeconds: its seconds, with the barrier before it
    package init(ranks: Int, hosts: Int, smallSeconds: Double, largeBytes: Int, largeSeconds: Double) {
        self.ranks = ranks
        self.hosts = hosts
        self.smallSeconds = smallSeconds
        self.largeBytes = largeBytes
        self.largeSeconds = largeSeconds
        func seconds(_ link: Link, _ bytes: Int) -> Double {
            let interconnect = Interconnect(
                node: hosts > 1 ? Network.sharedMemory.link : link, network: link,
                ranksPerNode: (ranks + hosts - 1) / hosts)
            return interconnect.barrier(ranks: ranks) + interconnect.allReduce(bytes: bytes, ranks: ranks)
        }
        // Both costs rise steadily with what is searched, over nine decades.
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
            // The first calls open connections.
            if call >= 5 { times.append(MonotonicClock.seconds - start) }
        }
        return PhaseMeasurement.Spread(times).median
    }
}

/// The largest number in a range, on a scale of factors, of which a claim that holds for small ones holds.
private func solved(from low: Double, to high: Double, _ isBelow: (Double) -> Bool) -> Double {
    var (low, high) = (low, high)
    for _ in 0..<60 {
        let middle = (low * high).squareRoot()
        if isBelow(middle) { low = middle } else { high = middle }
    }
    return low
}
