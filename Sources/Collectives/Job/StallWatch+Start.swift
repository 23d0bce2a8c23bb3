import Diagnostics

extension StallWatch {
    /// Starts watching a world.
    ///
    /// Collective; nil in a world of one rank.
    static func start(_ world: any Communicator) throws -> StallWatch? {
        guard world.size > 1 else { return nil }
        let node = try world.nodeCommunicator()
        var nodes = try RankNodes.gathered(world, node)
        var (board, slot) = (RankBoard(count: 1), 0)
        let shared = try NodeSharedMemory.make(
            byteCount: RankBoard.byteCount(node.size), in: nil, named: "hadamesh-ranks", among: node)
        if case .success(let memory) = shared {
            (board, slot) = (RankBoard(memory.bytes, memory: memory, count: node.size), node.rank)
        } else {
            nodes = nodes.isolating(world.rank)
        }
        let watch = StallWatch(rank: world.rank, nodes: nodes, board: board, slot: slot)
        // Wait until every slot is assigned: an empty one looks like a rank that is behind.
        try node.barrier()
        watch.begin()
        return watch
    }
}

extension RankNodes {
    /// Gathers the nodes of a world; `node` has the ranks of this rank's node.
    package static func gathered(_ world: any Communicator, _ node: any Communicator) throws -> RankNodes {
        // A node is identified by its first rank, because host names need not be unique.
        var first = [Int64(world.rank)]
        try node.broadcast(&first, from: 0)
        let firsts = try world.allGather(first).map { Int($0[0]) }
        let names = try world.allGather(text: Diagnostics.hostName())
        let unique = Set(firsts).sorted()
        let all = unique.map { first in
            Node(hostName: names[first], ranks: firsts.indices.filter { firsts[$0] == first })
        }
        return RankNodes(all: all, own: unique.firstIndex(of: Int(first[0])) ?? 0)
    }
}
