/// The correct answer for an example.
package enum Target: Sendable, Equatable {
    /// The index of a class in the task's ``TaskOutput``.
    case label(Int)
    /// The value of a regression.
    case value(Double)
}
