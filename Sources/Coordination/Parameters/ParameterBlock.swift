package import Adapters

/// A tensor with its owner.
///
/// The optimizer steps a block as a whole.
package struct ParameterBlock: Sendable, Equatable {
    /// `all`, `group:NAME` or `task:NAME`.
    package let owner: String
    package let slice: ParameterSlice
    /// Its range in the flat vector.
    package let range: Range<Int>
    /// The indices of the tasks that use it.
    package let tasks: [Int]
}
