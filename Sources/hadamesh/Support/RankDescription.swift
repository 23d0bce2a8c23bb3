import Collectives
import Diagnostics
import Kernels
import Runs

/// The node and kernels of a rank.
struct RankDescription {
    let node: String
    let kernels: String

    /// All ranks of a world, in order; a collective.
    static func all(_ world: any Communicator) throws -> [RankDescription] {
        zip(try world.allGather(text: hostName()), try world.allGather(text: VectorKernels.name)).map(
            RankDescription.init)
    }

    /// The nodes of ranks, in the order of their first ranks.
    static func nodes(of ranks: [RankDescription]) -> [RunStart.Node] {
        var names: [String] = []
        for rank in ranks where !names.contains(rank.node) { names.append(rank.node) }
        return names.map { name in
            RunStart.Node(node: name, kernels: ranks.filter { $0.node == name }.map(\.kernels))
        }
    }
}
