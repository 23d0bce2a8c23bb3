/// Whether a method's parameters can be folded into the backbone, which leaves a plain model.
package enum Mergeability: Sendable, Equatable {
    /// Merged and unmerged outputs agree up to rounding.
    case exact
    /// They cannot be folded, for this reason.
    case never(String)
}
