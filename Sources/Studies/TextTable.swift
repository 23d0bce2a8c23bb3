import Diagnostics
import Foundation

/// How a table is written.
package enum TableFormat: String, NamedChoice {
    /// For a terminal: columns aligned with blanks.
    case text
    /// For a page in Markdown.
    case markdown
    /// For a program: JSON, with all digits.
    case json
}

/// Rows as text, columns aligned and two blanks apart.
///
/// The first column is set flush left; the others too, unless their cells are numbers.
package func aligned(_ rows: [[String]], numbers: Bool = false) -> String {
    guard let columns = rows.map(\.count).max() else { return "" }
    let widths = (0..<columns).map { column in
        rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
        var line = ""
        for (column, text) in row.enumerated() {
            let padding = String(repeating: " ", count: widths[column] - text.count)
            line += (column == 0 ? "" : "  ") + (numbers && column > 0 ? padding + text : text + padding)
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }.joined(separator: "\n")
}

/// Rows of numbers as a Markdown table, the first row its head.
func markdown(_ rows: [[String]]) -> String {
    guard let head = rows.first else { return "" }
    let lines = rows.map { row in
        "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let rule = "|" + head.indices.map { $0 == 0 ? "---|" : "---:|" }.joined()
    return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
}

/// A number with so many decimals; a dash for none, and no sign for what rounds to zero.
func number(_ value: Double?, digits: Int) -> String {
    guard let value else { return "–" }
    let text = String(format: "%.\(digits)f", value)
    return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
}
