import Diagnostics

/// A number that says how good predictions are; 1 is perfect, and more is better.
///
/// Every value is the one scikit-learn or SciPy gives with default settings. Where they give none, for a
/// correlation with something constant, the value is 0: such predictions carry no information, and a
/// number keeps means and comparisons defined.
package enum Metric: String, NamedChoice {
    /// The share of examples given their own class.
    case accuracy
    /// F1 of class 1, of two: 2·TP / (2·TP + FP + FN), and 0 where that is 0/0.
    case f1
    /// The mean of the F1 of every class that is predicted or true of some example.
    case macroF1 = "macro-f1"
    /// Matthews' correlation of two or more classes, 0 where either side is all one class.
    case matthews
    /// Pearson's correlation.
    case pearson
    /// Spearman's correlation: Pearson's of the ranks, ties sharing their mean rank.
    case spearman

    /// Why the metric cannot score a task with this output, or nil if it can.
    package func mismatch(with output: TaskOutput) -> String? {
        switch (self, output) {
        case (.f1, .classes(let names)) where names.count != 2:
            "f1 is of the second of two classes, and there are \(names.count): use macro-f1"
        case (.accuracy, .classes), (.f1, .classes), (.macroF1, .classes), (.matthews, .classes): nil
        case (.pearson, .regression), (.spearman, .regression): nil
        case (.pearson, .classes), (.spearman, .classes): "\(rawValue) is for a range, not for labels"
        case (.accuracy, .regression), (.f1, .regression), (.macroF1, .regression), (.matthews, .regression):
            "\(rawValue) is for labels, not for a range"
        }
    }

    /// The metric of predictions against the targets of the same examples, in the same order.
    package func score(predictions: Predictions, targets: [Target]) throws -> Double {
        guard predictions.count == targets.count else {
            throw Failure.data("\(predictions.count) predictions for \(targets.count) targets")
        }
        guard !targets.isEmpty else { throw Failure.data("no examples to score") }
        switch self {
        case .accuracy: return try Confusion(predictions, targets).accuracy
        case .f1:
            guard predictions.width == 2 else {
                throw Failure.data(
                    "f1 is of two classes, and there are \(predictions.width)", remedy: "use macro-f1")
            }
            return try Confusion(predictions, targets).f1(of: 1)
        case .macroF1: return try Confusion(predictions, targets).macroF1
        case .matthews: return try Confusion(predictions, targets).matthews
        case .pearson: return pearsonCorrelation(try predictions.values(), try values(of: targets))
        case .spearman:
            return pearsonCorrelation(
                averageRanks(try predictions.values()), averageRanks(try values(of: targets)))
        }
    }

    private func values(of targets: [Target]) throws -> [Double] {
        try targets.enumerated().map { index, target in
            guard case .value(let value) = target, value.isFinite else {
                throw Failure.data(
                    "the target of example \(index) is no finite value, and \(rawValue) needs one")
            }
            return value
        }
    }
}
