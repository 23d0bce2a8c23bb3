package import Diagnostics

/// A loss, a gradient or an update is infinite or NaN.
///
/// All ranks throw it together and keep the state from before the step, so they can still save that state. It
/// has its own type because after any other error a collective might never return.
package struct Divergence: Error {
    /// The message to the user.
    package let failure: Failure

    init(_ value: String, step: Int) {
        failure = .data(
            "\(value) is not finite", at: "step \(step)",
            remedy: "start over with a lower learning rate for this stage, or clip gradients; this step "
                + "updated nothing")
    }
}
