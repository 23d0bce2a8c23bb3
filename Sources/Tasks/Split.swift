import Diagnostics

/// A split of a task's data, named as GLUE's file without `.tsv`.
package enum Split: String, NamedChoice {
    case train
    case dev
    /// MNLI's dev set of genres from the training set.
    case devMatched = "dev_matched"
    /// MNLI's dev set of other genres.
    case devMismatched = "dev_mismatched"
    case test
    case testMatched = "test_matched"
    case testMismatched = "test_mismatched"
    /// GLUE's diagnostic set, which MNLI's head answers.
    case diagnostic

    /// Whether the split may lack labels.
    package var isTest: Bool {
        switch self {
        case .test, .testMatched, .testMismatched, .diagnostic: true
        case .train, .dev, .devMatched, .devMismatched: false
        }
    }
}
