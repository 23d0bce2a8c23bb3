import Diagnostics

/// The diagonal and the margins of the confusion matrix, and the metrics that follow from them.
struct Confusion {
    /// How many examples of each class were predicted to be of it.
    private let correct: [Int]
    /// How many examples truly are of each class.
    private let actual: [Int]
    /// How many examples were predicted to be of each class.
    private let predicted: [Int]
    private let total: Int

    /// Counts; there are as many predictions as targets.
    init(_ predictions: Predictions, _ targets: [Target]) throws {
        let classes = predictions.width
        guard classes > 1 else { throw Failure.data("1 logit per example, expected one for each class") }
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

    /// 2·TP / (2·TP + FP + FN); actual + predicted is that denominator.
    func f1(of label: Int) -> Double {
        let denominator = actual[label] + predicted[label]
        return denominator == 0 ? 0 : Double(2 * correct[label]) / Double(denominator)
    }

    var macroF1: Double {
        let seen = actual.indices.filter { actual[$0] + predicted[$0] > 0 }
        return seen.reduce(0) { $0 + f1(of: $1) } / Double(seen.count)
    }

    /// Gorodkin's R_K: the covariance of the two one-hot codings over the root of their variances.
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
