import Diagnostics

/// What rank 0 does.
package enum CoordinatorRole: String, NamedChoice {
    /// Coordinates, and computes like every other rank.
    case computes
    /// Coordinates only, and waits without using a core.
    case dedicated
}
