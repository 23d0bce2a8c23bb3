/// What a task asks of its head: one of several classes, or a number.
package enum TaskOutput: Sendable, Equatable {
    /// One of these classes; a class's index is its position here, a label in a file its text.
    case classes([String])
    /// A number within the range.
    case regression(ClosedRange<Double>)

    /// The number of logits the head gives.
    package var width: Int {
        switch self {
        case .classes(let names): names.count
        case .regression: 1
        }
    }
}
