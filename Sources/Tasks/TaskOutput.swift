import Diagnostics
import Foundation

/// The kind of answer a task expects: one of several classes, or a number.
package enum TaskOutput: Sendable, Equatable {
    /// The labels as in the task's files, in the order of class indices.
    case classes([String])
    case regression(ClosedRange<Double>)

    /// The number of logits per example.
    package var width: Int {
        switch self {
        case .classes(let names): names.count
        case .regression: 1
        }
    }
}

extension TaskOutput {
    /// Predictions as text: class names, or values clipped to the range with 3 decimals.
    package func texts(of predictions: Predictions) throws -> [String] {
        guard predictions.width == width else {
            throw Failure.data("\(predictions.width) logits per example, expected \(width)")
        }
        switch self {
        case .classes(let names): return predictions.classes.map { names[$0] }
        case .regression(let range):
            return try predictions.values().map {
                String(format: "%.3f", min(range.upperBound, max(range.lowerBound, $0)))
            }
        }
    }
}
