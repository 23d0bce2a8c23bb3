import Diagnostics

/// How a table is written.
package enum TableFormat: String, NamedChoice {
    /// For a terminal: columns padded with blanks.
    case text
    /// For a page in Markdown.
    case markdown
    /// For a program: JSON, with all digits.
    case json
}
