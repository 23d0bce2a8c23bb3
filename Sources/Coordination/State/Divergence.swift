import Diagnostics

/// Training left the finite numbers: a loss, a gradient or an update is infinite or not a number.
///
/// All ranks throw it alike, with the state as it was before the step, so they can still save that state together. It is a
/// type of its own, for after any other error a collective may never return.
struct Divergence: Error {
    /// The message to the user.
    let failure: Failure

    /// Says what is not finite, in which step.
    init(_ what: String, step: Int) {
        failure = .data(
            "\(what) is not finite", at: "step \(step)",
            remedy: "start anew with a lower learning rate for this stage, or clip gradients; nothing was "
                + "updated by this step")
    }
}
