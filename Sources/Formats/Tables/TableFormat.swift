import Diagnostics

/// The output format of a table.
package enum TableFormat: String, NamedChoice {
    /// Columns padded with blanks, for a terminal.
    case text
    case markdown
    /// JSON, with all digits.
    case json
}
