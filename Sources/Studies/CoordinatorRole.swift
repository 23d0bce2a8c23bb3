import Diagnostics

/// The work of rank 0.
package enum CoordinatorRole: String, NamedChoice {
    /// Rank 0 coordinates, and computes like every other rank.
    case computes
    /// Rank 0 only coordinates, and waits without using a core.
    case dedicated
}
