import Diagnostics

/// The output format of a table.
package enum TableFormat: String, NamedChoice {
    /// Columns padded with blanks, for a terminal.
    case text
    case markdown
    /// Comma-separated values, with all digits.
    case csv
    /// A `tabular` environment.
    case latex
    /// JSON, with all digits.
    case json
}
