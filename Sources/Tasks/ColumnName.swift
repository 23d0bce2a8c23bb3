import Foundation

/// Names of columns that tables of texts often have.
enum ColumnName {
    /// Columns of texts.
    static let ofTexts = [
        "sentence", "sentence1", "sentence2", "question", "question1", "question2", "premise", "hypothesis",
        "text", "text1", "text2", "text_a", "text_b", "query", "passage", "label",
    ]
    /// Columns beside them.
    static let others = ["id", "idx", "index", "score", "target", "labels"]

    /// A name without case, and without the quotes and blanks around it.
    static func plain(_ name: String) -> String {
        name.trimmingCharacters(in: CharacterSet(charactersIn: "\"'").union(.whitespacesAndNewlines))
            .lowercased()
    }
}
