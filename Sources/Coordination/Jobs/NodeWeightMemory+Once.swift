import Collectives

extension NodeWeightMemory {
    /// Has the first rank of each host do something; a collective of the world.
    package func once(_ body: () throws -> Void) throws {
        let host = try world.nodeCommunicator()
        try together(world) { if host.rank == 0 { try body() } }
    }
}
