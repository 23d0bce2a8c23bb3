import Collectives
import Kernels

/// Memory for cached activations, and the ranks that share it: those of a node, or this rank alone.
struct CacheMemory {
    private let owner: AnyObject
    let floats: UnsafeMutablePointer<Float>
    /// By rank, whether that rank writes to this memory too.
    let isShared: [Bool]
    /// Whether this rank writes broadcast values for all ranks that share the memory.
    let isWriter: Bool

    /// A node's memory.
    init(_ memory: NodeSharedMemory, _ node: Node) {
        owner = memory
        guard let start = memory.bytes.baseAddress else { preconditionFailure("memory of no bytes") }
        floats = start.assumingMemoryBound(to: Float.self)
        isShared = node.members
        isWriter = node.ranks.rank == 0
    }

    /// Private memory of this rank; pages are allocated on first write.
    init(count: Int, _ world: any Communicator) {
        let buffer = FloatBuffer(count)
        owner = buffer
        floats = buffer.base
        isShared = (0..<world.size).map { $0 == world.rank }
        isWriter = true
    }

    /// This rank's node.
    struct Node {
        let ranks: any Communicator
        /// By rank of the world, whether it runs on this node.
        let members: [Bool]

        /// Finds the node's ranks; a collective.
        init(_ world: any Communicator) throws {
            ranks = try world.nodeCommunicator()
            // A node is identified by its first rank.
            var first = [Int64(world.rank)]
            try ranks.broadcast(&first, from: 0)
            members = try world.allGather(first).map { [first] in $0 == first }
        }
    }
}
