import Collectives
import Diagnostics
import Kernels

/// The host and kernels of a rank.
struct RankDescription {
    let host: String
    let kernels: String

    /// All ranks of a world, in order; a collective.
    static func all(_ world: any Communicator) throws -> [RankDescription] {
        zip(try world.allGather(text: hostName()), try world.allGather(text: VectorKernels.name)).map(
            RankDescription.init)
    }

    /// The kernels of each host's ranks; hosts in the order of their first ranks.
    static func hosts(of ranks: [RankDescription]) -> [(host: String, kernels: [String])] {
        ranks.reduce(into: []) { hosts, rank in
            if let known = hosts.firstIndex(where: { $0.host == rank.host }) {
                hosts[known].kernels.append(rank.kernels)
            } else {
                hosts.append((rank.host, [rank.kernels]))
            }
        }
    }
}
