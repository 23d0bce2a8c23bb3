import Diagnostics

/// A metric of predictions; higher is better, and 1 is perfect.
///
/// Values equal those of scikit-learn or SciPy with default settings, with one exception: a correlation with
/// a constant, undefined there, is 0, so that means and comparisons stay defined.
package enum Metric: String, NamedChoice {
    /// The share of correct predictions.
    case accuracy
    /// F1 of class 1 of two: 2·TP / (2·TP + FP + FN), or 0 for 0/0.
    case f1
    /// The mean F1 of all classes that are predicted for, or true of, some example.
    case macroF1 = "macro-f1"
    /// Matthews' correlation of two or more classes; 0 if targets or predictions are all of one class.
    case matthews
    case pearson
    /// Pearson's correlation of the ranks; ties share their mean rank.
    case spearman

    /// The reason why the metric cannot score a task with this output, or nil if it can.
    package func mismatch(with output: TaskOutput) -> String? {
        switch (self, output) {
        case (.f1, .classes(let names)) where names.count != 2:
            "f1 needs two classes, but there are \(names.count): use macro-f1"
        case (.accuracy, .classes), (.f1, .classes), (.macroF1, .classes), (.matthews, .classes): nil
        case (.pearson, .regression), (.spearman, .regression): nil
        case (.pearson, .classes), (.spearman, .classes):
            "\(rawValue) needs a regression task (range:), not labels"
        case (.accuracy, .regression), (.f1, .regression), (.macroF1, .regression), (.matthews, .regression):
            "\(rawValue) needs a classification task (labels:), not a range"
        }
    }

    /// The metric's value; targets are in the order of the predictions.
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
                    "f1 needs two classes, but there are \(predictions.width)", remedy: "use macro-f1")
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
                    "the target of example \(index) is not a finite number, which \(rawValue) needs")
            }
            return value
        }
    }
}
