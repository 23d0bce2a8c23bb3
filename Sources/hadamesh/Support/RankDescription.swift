import Collectives
import Diagnostics
import Kernels
import Runs

/// The node and kernels of a rank.
struct RankDescription {
    let node: String
    let kernels: String

    /// All ranks of a world, in order, with the kernels that an arithmetic uses; a collective.
    static func all(_ world: any Communicator, _ arithmetic: ProductArithmetic) throws -> [RankDescription] {
        let nodes = try world.allGather(text: hostName())
        return zip(nodes, try world.allGather(text: VectorKernels.names(arithmetic))).map(
            RankDescription.init)
    }

    /// The nodes of ranks, in the order of their first ranks.
    static func nodes(of ranks: [RankDescription]) -> [RunStart.Node] {
        ranks.map(\.node).distinct.map { name in
            RunStart.Node(node: name, kernels: ranks.filter { $0.node == name }.map(\.kernels))
        }
    }
}
