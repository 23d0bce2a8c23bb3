import Diagnostics

/// The format of a table of texts and labels.
package enum DataFormat: String, NamedChoice {
    /// Columns separated by tabs, as in GLUE's files; quotes are ordinary characters.
    case tsv
    /// Comma-separated values (RFC 4180): a quoted field may contain commas, line breaks and doubled quotes.
    case csv
    /// A JSON object on each line; its keys are the columns.
    case jsonl

    /// The format that a file's ending names; tab-separated for endings that name none.
    package init(ofFile path: String) {
        let ending = path.split(separator: ".").last?.lowercased()
        self =
            switch ending {
            case "csv": .csv
            case "jsonl", "json", "ndjson": .jsonl
            default: .tsv
            }
    }
}
