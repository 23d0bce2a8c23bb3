import Diagnostics

/// The diagonal and the marginals of a confusion matrix, and the metrics computed from them.
struct Confusion {
    /// The number of correctly predicted examples of each class.
    private let correct: [Int]
    /// The number of examples of each class.
    private let actual: [Int]
    /// The number of predictions of each class.
    private let predicted: [Int]
    private let total: Int

    /// There must be as many predictions as targets.
    init(_ predictions: Predictions, _ targets: [Target]) throws {
        let classes = predictions.width
        guard classes > 1 else { throw Failure.data("1 logit per example, expected one per class") }
        var correct = [Int](repeating: 0, count: classes)
        var actual = correct
        var predicted = correct
        for (index, (answer, target)) in zip(predictions.classes, targets).enumerated() {
            guard case .label(let label) = target, (0..<classes).contains(label) else {
                throw Failure.data(
                    "the target of example \(index) is \(target), expected a class below \(classes)")
            }
            if answer == label { correct[label] += 1 }
            actual[label] += 1
            predicted[answer] += 1
        }
        self.correct = correct
        self.actual = actual
        self.predicted = predicted
        total = targets.count
    }

    var accuracy: Double { Double(correct.reduce(0, +)) / Double(total) }

    /// 2·TP / (2·TP + FP + FN); the denominator is actual + predicted.
    func f1(of label: Int) -> Double {
        let denominator = actual[label] + predicted[label]
        return denominator == 0 ? 0 : Double(2 * correct[label]) / Double(denominator)
    }

    var macroF1: Double {
        let seen = actual.indices.filter { actual[$0] + predicted[$0] > 0 }
        return seen.reduce(0) { $0 + f1(of: $1) } / Double(seen.count)
    }

    /// Gorodkin's R_K: the covariance of the one-hot encodings over the root of the product of their
    /// variances.
    var matthews: Double {
        let n = Double(total)
        func sumOfProducts(_ a: [Int], _ b: [Int]) -> Double {
            zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let covariance = Double(correct.reduce(0, +)) * n - sumOfProducts(actual, predicted)
        let actualVariance = n * n - sumOfProducts(actual, actual)
        let predictedVariance = n * n - sumOfProducts(predicted, predicted)
        let product = actualVariance * predictedVariance
        return product == 0 ? 0 : covariance / product.squareRoot()
    }
}
