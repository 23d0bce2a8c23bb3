package import Diagnostics

/// A loss, a gradient, an update or a logit is infinite or NaN.
///
/// All ranks throw it together. In a step they keep the state from before it, so they can still save that
/// state. It has its own type because after any other error a collective might never return.
package struct Divergence: Error {
    /// The message to the user.
    package let failure: Failure

    /// In a step, which updates nothing.
    init(_ value: String, step: Int) {
        failure = .data(
            "\(value) is not finite", at: "step \(step)",
            remedy: "start over with a lower learning rate for this stage, or clip gradients; this step "
                + "updated nothing")
    }

    /// In the evaluation of a task after a step.
    init(evaluating task: String, after step: Int) {
        failure = .data(
            "a logit of \(task) is not finite in the evaluation", at: "step \(step)",
            remedy: "start over with a lower learning rate for this stage, or clip gradients")
    }
}
