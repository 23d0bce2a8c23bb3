package import Diagnostics

/// The scores by which an adapter is pruned are all zero, or not finite.
///
/// All ranks throw it together, before anything is pruned.
package struct Unprunable: Error {
    /// The message to the user.
    package let failure: Failure
}
