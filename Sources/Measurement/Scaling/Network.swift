import Diagnostics

/// The network between nodes.
package struct Network: Codable, Sendable, Equatable {
    /// The name on the command line.
    package let name: String
    package let link: Link
    /// The source of the numbers.
    package let reason: String

    /// All ranks on one node.
    package static let sharedMemory = Network(
        name: "shared-memory", link: Link(microseconds: 1, gigabits: 40),
        reason: "all ranks on one node; assumed, and measured instead where bench has 2 ranks or more")

    /// The named networks.
    ///
    /// Latencies are those of small MPI messages through the whole software stack; bandwidths are net of
    /// headers.
    package static let known: [Network] = [
        sharedMemory,
        Network(
            name: "ethernet-1g", link: Link(microseconds: 40, gigabits: 0.94),
            reason: "assumed: kernel TCP through one switch, 1448 of 1538 bytes of a frame payload"),
        Network(
            name: "ethernet-10g", link: Link(microseconds: 20, gigabits: 9.4),
            reason: "assumed: kernel TCP through one switch, 1448 of 1538 bytes of a frame payload"),
        Network(
            name: "ethernet-25g", link: Link(microseconds: 15, gigabits: 23.5),
            reason: "assumed: kernel TCP through one switch, 1448 of 1538 bytes of a frame payload"),
        Network(
            name: "infiniband-hdr", link: Link(microseconds: 1.5, gigabits: 190),
            reason: "assumed: 200 Gbit/s InfiniBand past the kernel, through two switches"),
        Network(
            name: "testbed", link: Link(microseconds: 8, gigabits: 14),
            reason:
                "nodes of cluster/testbed: "
                + "kernel TCP between namespaces of one machine, as measured on 2 cores"
        ),
    ]

    /// A named network, or one given as `LATENCY_US:GBIT`, such as `20:9.4`.
    package static func named(_ name: String) throws -> Network {
        if let network = known.first(where: { $0.name == name }) { return network }
        let names = known.map(\.name).joined(separator: ", ")
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw Failure.usage(
                "unknown network '\(name)'", at: "--network",
                remedy: "known networks: \(names), or LATENCY_US:GBIT such as 20:9.4")
        }
        guard let microseconds = Double(parts[0]), let gigabits = Double(parts[1]),
            (0...1e6).contains(microseconds), (1e-6...1e6).contains(gigabits)
        else {
            throw Failure.usage(
                "found '\(name)', expected microseconds up to 1000000 "
                    + "and gigabits a second from 0.000001 to 1000000",
                at: "--network", remedy: "known networks: \(names), or LATENCY_US:GBIT such as 20:9.4")
        }
        return Network(
            name: name, link: Link(microseconds: microseconds, gigabits: gigabits), reason: "as given")
    }
}
