import Diagnostics
import Foundation

/// Finite logits: `count` rows, one per example, of `width`.
package struct Predictions: Sendable, Equatable {
    /// Row-major.
    package let logits: [Float]
    /// The number of classes, or 1 for a regression.
    package let width: Int

    /// The number of examples.
    package var count: Int { logits.count / width }

    /// Throws if a logit is not finite.
    package init(logits: [Float], width: Int) throws {
        guard width > 0, logits.count.isMultiple(of: width) else {
            throw Failure.data("\(logits.count) logits are not a multiple of \(width) per example")
        }
        if let position = logits.firstIndex(where: { !$0.isFinite }) {
            throw Failure.data(
                "logit \(position % width) of example \(position / width) is \(logits[position])",
                remedy: "the model has diverged: lower the learning rate, or clip gradients")
        }
        self.logits = logits
        self.width = width
    }

    /// The class of each example: the index of the largest logit, the lowest in a tie.
    package var classes: [Int] {
        (0..<count).map { row in
            var best = row * width
            for position in best..<(best + width) where logits[position] > logits[best] { best = position }
            return best - row * width
        }
    }

    /// The logits of an example.
    package subscript(row: Int) -> ArraySlice<Float> { logits[row * width..<(row + 1) * width] }

    /// The softmax of an example's logits.
    package func probabilities(_ row: Int) -> [Float] {
        let logits = self[row].map(Double.init)
        let terms = logits.map { exp($0 - (logits.max() ?? 0)) }
        let sum = terms.reduce(0, +)
        return terms.map { Float($0 / sum) }
    }

    /// The value of each example of a regression: the logit itself.
    package func values() throws -> [Double] {
        guard width == 1 else {
            throw Failure.data("\(width) logits per example, expected 1 for a regression")
        }
        return logits.map(Double.init)
    }
}
