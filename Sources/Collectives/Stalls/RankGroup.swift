/// The ranks among which a rank's collectives are, as published to the other ranks of its node.
package enum RankGroup: Equatable, Sendable {
    /// All ranks.
    case world
    /// The group of a communicator that was split off, by its lowest rank in the world.
    case led(by: Int)
    /// All ranks, at the end of the groups' work, which ends at different times.
    case gathering

    /// The encoding in a word of the board.
    var word: Int {
        switch self {
        case .world: 0
        case .gathering: 1
        case .led(let rank): 2 + rank
        }
    }

    init(word: Int) {
        switch word {
        case 0: self = .world
        case 1: self = .gathering
        default: self = .led(by: word - 2)
        }
    }

    /// The rank that has the state to save: rank 0 of the group.
    var leader: Int {
        switch self {
        case .world, .gathering: 0
        case .led(let rank): rank
        }
    }
}
