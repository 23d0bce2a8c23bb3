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
        let widths = widths { [$0] }
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

    /// Padded columns in blocks that are no wider than `width`, if possible; each has the first `names`
    /// columns.
    package func aligned(within width: Int, names: Int = 1) -> String {
        guard let columns = rows.map(\.count).max() else { return "" }
        func block(_ range: Range<Int>) -> TextTable {
            TextTable(
                rows.map { Array($0.prefix(names) + $0.dropFirst(range.lowerBound).prefix(range.count)) },
                numbers: holdsNumbers)
        }
        func isWide(_ range: Range<Int>) -> Bool {
            block(range).aligned.split(separator: "\n").contains { $0.count > width }
        }
        var blocks: [Range<Int>] = []
        for column in names..<max(names + 1, columns) {
            if let last = blocks.last, !isWide(last.lowerBound..<column + 1) {
                blocks[blocks.count - 1] = last.lowerBound..<column + 1
            } else {
                blocks.append(column..<column + 1)
            }
        }
        return blocks.map { block($0).aligned }.joined(separator: "\n\n")
    }

    /// Padded columns in rows that are no wider than `width`, if possible: the cells of the widest columns
    /// are broken at blanks.
    package func folded(within width: Int) -> String {
        let whole = widths { [$0] }
        func spare(_ widths: [Int]) -> Int { width - widths.reduce(2 * (widths.count - 1), +) }
        guard let widest = whole.indices.max(by: { whole[$0] < whole[$1] }), spare(whole) < 0 else {
            return aligned
        }
        var limits = whole
        while spare(limits) < 0, let next = limits.indices.max(by: { limits[$0] < limits[$1] }),
            limits[next] > 8
        {
            limits[next] -= 1
        }
        // Wrapping at spaces leaves unused width.
        limits = limits.indices.map { column in
            widths { Self.lines($0, within: limits[column]) }[column]
        }
        limits[widest] += max(0, spare(limits))
        let lines = rows.flatMap { row in
            let cells = zip(row, limits).map { Self.lines($0, within: $1) }
            return (0..<(cells.map(\.count).max() ?? 0)).map { line in
                cells.map { $0.indices.contains(line) ? $0[line] : "" }
            }
        }
        return TextTable(lines, numbers: holdsNumbers).aligned
    }

    /// The width of each column whose cells are broken into lines.
    private func widths(_ lines: (String) -> [String]) -> [Int] {
        (0..<(rows.map(\.count).max() ?? 0)).map { column in
            rows.flatMap { $0.indices.contains(column) ? lines($0[column]).map(\.count) : [] }.max() ?? 0
        }
    }

    /// A text in lines that are no longer than `width`, if possible.
    package static func wrapped(_ text: String, within width: Int) -> String {
        lines(text, within: width).joined(separator: "\n")
    }

    private static func lines(_ text: String, within width: Int) -> [String] {
        text.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
    }

    /// Comma-separated values; a field with a comma, a quote or a line feed is in quotes.
    package var csv: String {
        rows.map { row in
            row.map { field in
                field.contains { ",\"\n".contains($0) }
                    ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
            }.joined(separator: ",")
        }.joined(separator: "\n")
    }

    /// Whether a column after the first is right-aligned: no more of the cells below its head are words than
    /// are numbers.
    private func isRightAligned(_ column: Int) -> Bool {
        let cells = rows.dropFirst().compactMap { $0.indices.contains(column) ? $0[column].first : nil }
        return column > 0 && 2 * cells.count(where: \.isLetter) <= cells.count
    }

    /// A LaTeX `tabular` with columns of numbers right-aligned; it needs no package.
    package var latex: String {
        func escaped(_ text: String) -> String {
            text.map { letter -> String in
                switch letter {
                case "\\": "\\textbackslash{}"
                case "&", "%", "$", "#", "_", "{", "}": "\\\(letter)"
                case "±": "$\\pm$"
                case "Δ": "$\\Delta$"
                case "–": "--"
                default: "\(letter)"
                }
            }.joined()
        }
        let lines = rows.map { $0.map(escaped).joined(separator: " & ") + " \\\\" }
        let columns = (0..<(rows.map(\.count).max() ?? 1)).map { isRightAligned($0) ? "r" : "l" }.joined()
        return
            (["\\begin{tabular}{\(columns)}", "\\hline"] + lines.prefix(1) + ["\\hline"]
            + lines.dropFirst() + ["\\hline", "\\end{tabular}"]).joined(separator: "\n")
    }

    /// A Markdown table with columns of numbers right-aligned.
    package var markdown: String {
        guard let head = rows.first else { return "" }
        let lines = rows.map { row in
            "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        let rule = "|" + head.indices.map { isRightAligned($0) ? "---:|" : "---|" }.joined()
        return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
    }

    /// A number with `digits` decimals: a dash for nil, no sign if it rounds to zero.
    package static func number(_ value: Double?, digits: Int) -> String {
        guard let value else { return "–" }
        let text = String(format: "%.\(digits)f", value)
        return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
    }

    /// A number with this many significant digits, as a power of ten where it is small; a dash for nil.
    package static func number(_ value: Double?, significant digits: Int) -> String {
        value.map { String(format: "%.\(digits)g", $0 == 0 ? 0 : $0) } ?? "–"
    }
}
