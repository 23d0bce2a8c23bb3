import Diagnostics
import Foundation

/// The kind of answer a task expects: one of several classes, or a number.
package enum TaskOutput: Sendable, Equatable {
    /// The classes in the order of their indices.
    case classes([ClassLabel])
    case regression(ClosedRange<Double>)

    /// Two classes that data files call 0 and 1.
    static func binary(_ zero: String, _ one: String) -> TaskOutput {
        .classes([ClassLabel(zero, value: "0"), ClassLabel(one, value: "1")])
    }

    /// The number of logits per example.
    package var width: Int {
        switch self {
        case .classes(let classes): classes.count
        case .regression: 1
        }
    }
}

extension TaskOutput {
    /// Predictions as text: names or values of classes, or numbers clipped to the range with 3 decimals.
    package func texts(
        of predictions: Predictions, as text: KeyPath<ClassLabel, String> = \.name
    ) throws -> [String] {
        guard predictions.width == width else {
            throw Failure.data("\(predictions.width) logits per example, expected \(width)")
        }
        switch self {
        case .classes(let classes): return predictions.classes.map { classes[$0][keyPath: text] }
        case .regression(let range):
            return try predictions.values().map {
                String(format: "%.3f", min(range.upperBound, max(range.lowerBound, $0)))
            }
        }
    }
}
