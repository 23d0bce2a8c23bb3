import Adapters
import Diagnostics

/// The prunable matrices of one owner, pruned together: their entries are ranked against each other.
struct PrunedAdapter: Sendable, Equatable {
    /// `all`, `group:NAME` or `task:NAME`.
    let owner: String
    /// The matrices' blocks in the store, ascending.
    let blocks: [Int]
    /// The tasks that use any of them, ascending.
    let tasks: [Int]

    /// The adapters among blocks, in the order of their first blocks.
    static func all(among blocks: [ParameterBlock]) -> [PrunedAdapter] {
        let prunable = blocks.indices.filter { blocks[$0].slice.isPrunable }
        return prunable.map { blocks[$0].owner }.distinct.map { owner in
            let own = prunable.filter { blocks[$0].owner == owner }
            return PrunedAdapter(
                owner: owner, blocks: own, tasks: Set(own.flatMap { blocks[$0].tasks }).sorted())
        }
    }
}
