import Diagnostics

/// The entries among which the smallest scores are removed.
package enum PruningThreshold: String, NamedChoice {
    /// All matrices of an adapter.
    case global
    /// Each matrix by itself.
    case local
}
