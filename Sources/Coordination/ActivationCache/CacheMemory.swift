import Collectives
import Kernels

/// Memory for cached activations, and the ranks that share it: those of a node, or this rank alone.
struct CacheMemory {
    private let owner: AnyObject
    let floats: UnsafeMutablePointer<Float>
    /// By rank: whether this rank sees what that rank writes.
    let isShared: [Bool]
    /// Whether this rank writes values that all ranks receive.
    let isWriter: Bool

    /// A node's memory.
    init(_ memory: NodeSharedMemory, _ node: Node) {
        owner = memory
        guard let start = memory.bytes.baseAddress else { preconditionFailure("memory of no bytes") }
        floats = start.assumingMemoryBound(to: Float.self)
        isShared = node.members
        isWriter = node.ranks.rank == 0
    }

    /// Memory of this rank's own; its pages are taken when they are first written.
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
        /// By rank of the world: whether it runs there.
        let members: [Bool]

        /// Finds its ranks; a collective.
        init(_ world: any Communicator) throws {
            ranks = try world.nodeCommunicator()
            // A node is known by its first rank.
            var first = [Int64(world.rank)]
            try ranks.broadcast(&first, from: 0)
            members = try world.allGather(first).map { [first] in $0 == first }
        }
    }
}
