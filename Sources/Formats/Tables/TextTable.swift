import Foundation

/// A table that can be printed as text or Markdown.
package struct TextTable {
    /// The first row is the header in Markdown.
    package let rows: [[String]]
    /// Whether all columns but the first hold numbers, which are right-aligned.
    package let holdsNumbers: Bool

    package init(_ rows: [[String]], numbers: Bool = false) {
        self.rows = rows
        holdsNumbers = numbers
    }

    /// Padded columns, two blanks apart.
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

    /// A Markdown table with all columns but the first right-aligned.
    package var markdown: String {
        guard let head = rows.first else { return "" }
        let lines = rows.map { row in
            "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        let rule = "|" + head.indices.map { $0 == 0 ? "---|" : "---:|" }.joined()
        return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
    }

    /// A number with `digits` decimals: a dash for nil, no sign if it rounds to zero.
    package static func number(_ value: Double?, digits: Int) -> String {
        guard let value else { return "–" }
        let text = String(format: "%.\(digits)f", value)
        return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
    }
}
