import Diagnostics

/// A part of a task's data; its name is the stem of GLUE's file for it.
package enum Split: String, NamedChoice {
    /// What is trained on.
    case train
    /// What is evaluated on.
    case dev
    /// MNLI's evaluation on the genres that were trained on.
    case devMatched = "dev_matched"
    /// MNLI's evaluation on other genres.
    case devMismatched = "dev_mismatched"
    /// The benchmark's test set, mostly without labels.
    case test
    /// MNLI's test on the genres that were trained on.
    case testMatched = "test_matched"
    /// MNLI's test on other genres.
    case testMismatched = "test_mismatched"

    /// Whether the split may come without labels.
    package var isTest: Bool {
        switch self {
        case .test, .testMatched, .testMismatched: true
        case .train, .dev, .devMatched, .devMismatched: false
        }
    }
}
