import Collectives
import Diagnostics

/// The ranks that train a run together, and those of other groups.
struct TrialGroup {
    /// Nil on a rank that is in no group.
    let communicator: (any Communicator)?
    /// The group's ranks, by their numbers in the world.
    let ranks: [Int]
    /// The number of groups.
    let count: Int

    /// Splits the world into groups of `size` consecutive ranks; a collective.
    ///
    /// Ranks beyond the last whole group have none.
    init(of size: Int, _ world: any Communicator) throws {
        count = world.size / size
        let own = world.rank / size
        let isMember = own < count
        communicator = try world.split(color: isMember ? Int32(own) : nil)
        ranks = isMember ? Array(own * size..<(own + 1) * size) : [world.rank]
    }
}
