/// Rows as text, columns aligned and two blanks apart.
///
/// The first column is set flush left; the others too, unless their cells are numbers.
public func aligned(_ rows: [[String]], numbers: Bool = false) -> String {
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
