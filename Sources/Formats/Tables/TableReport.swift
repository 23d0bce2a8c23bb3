/// Tables under titles, and notes below them, for each ``TableFormat``.
package struct TableReport {
    package struct Part {
        let title: String?
        let table: TextTable
        let names: Int
        let exact: TextTable

        /// A table with its title, if it has one; CSV has the `exact` one.
        ///
        /// As text, a table of numbers is broken into blocks that repeat the first `names` columns; cells of
        /// another are broken into lines.
        package init(_ title: String?, _ table: TextTable, names: Int = 1, exact: TextTable? = nil) {
            (self.title, self.table, self.names) = (title, table, names)
            self.exact = exact ?? table
        }

        fileprivate func text(within width: Int) -> String {
            table.holdsNumbers ? table.aligned(within: width, names: names) : table.folded(within: width)
        }

        /// `text` below the title.
        fileprivate func titled(_ text: String, _ line: (String) -> String = { $0 + "\n" }) -> String {
            (title.map(line) ?? "") + text
        }
    }

    private let parts: [Part]
    private let notes: [String]

    package init(_ parts: [Part], notes: [String] = []) { (self.parts, self.notes) = (parts, notes) }

    /// The report without a final line feed; as text at most `width` characters wide, if possible.
    package func text<Report: Encodable>(
        _ format: TableFormat, width: Int = .max, json: @autoclosure () -> Report
    ) throws -> String {
        let paragraphs =
            switch format {
            case .text:
                parts.map { $0.titled($0.text(within: width)) }
                    + notes.map { TextTable.wrapped($0, within: width) }
            case .markdown: parts.map { $0.titled($0.table.markdown) { "**\($0)**\n\n" } } + notes
            case .csv: parts.map { $0.titled($0.exact.csv) }
            case .latex: parts.map { $0.titled($0.table.latex) { "% \($0)\n" } }
            case .json: [String(try JSONValue(encoding: json()).encodedForReading().dropLast())]
            }
        return paragraphs.joined(separator: "\n\n")
    }
}
