import Foundation

/// Rows of cells as text.
package struct TextTable {
    /// The rows; the first one is the head of a Markdown table.
    package let rows: [[String]]
    /// Whether all columns but the first hold numbers, which are set flush right.
    package let holdsNumbers: Bool

    /// Makes a table of rows.
    package init(_ rows: [[String]], numbers: Bool = false) {
        self.rows = rows
        holdsNumbers = numbers
    }

    /// Columns padded to equal widths, two blanks apart.
    package var aligned: String {
        guard let columns = rows.map(\.count).max() else { return "" }
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - text.count)
                line += column == 0 ? "" : "  "
                line += holdsNumbers && column > 0 ? padding + text : text + padding
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    /// A Markdown table, all columns but the first flush right.
    package var markdown: String {
        guard let head = rows.first else { return "" }
        let lines = rows.map { row in
            "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        let rule = "|" + head.indices.map { $0 == 0 ? "---|" : "---:|" }.joined()
        return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
    }

    /// A number with so many decimals; a dash for nil, and no sign for a number that rounds to zero.
    package static func number(_ value: Double?, digits: Int) -> String {
        guard let value else { return "–" }
        let text = String(format: "%.\(digits)f", value)
        return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
    }
}
