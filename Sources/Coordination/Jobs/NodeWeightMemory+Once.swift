import Collectives

extension NodeWeightMemory {
    /// Runs `body` on the first rank of each node; a collective of the world.
    package func once(_ body: () throws -> Void) throws {
        let node = try world.nodeCommunicator()
        try allOrNone(world) { if node.rank == 0 { try body() } }
    }
}
