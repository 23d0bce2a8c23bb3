import Diagnostics
import Foundation

/// A file that a benchmark's submission wants: predictions for one split.
package struct Submission: Sendable, Equatable {
    /// The split that is predicted.
    package let split: Split
    /// The file's name, at the root of the submission's archive.
    package let fileName: String

    /// Makes a submission file's description.
    package init(split: Split, fileName: String) {
        self.split = split
        self.fileName = fileName
    }
}

extension TaskOutput {
    /// Predictions as a submission writes them: class names, or values clipped to the range with 3 decimals.
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

extension LanguageTask {
    /// The text of a submission file: a header, then `index<TAB>prediction` for every example of the split.
    package func submissionText(_ predictions: Predictions) throws -> String {
        try output.texts(of: predictions).enumerated().reduce(into: "index\tprediction\n") { text, row in
            text += "\(row.offset)\t\(row.element)\n"
        }
    }
}
