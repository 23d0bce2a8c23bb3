import Formats

/// Matrices of numbers from −1 to 1 with the same rows and columns, side by side.
struct HeatMap {
    struct Panel: Sendable {
        let name: String
        /// Nil where there is no number.
        let values: [[Double?]]
    }

    let title: String
    /// The names of rows and columns.
    let names: [String]
    let panels: [Panel]

    private static let cell = 42.0
    private static let left = 56.0

    var figure: Figure? {
        guard !names.isEmpty, !panels.isEmpty else { return nil }
        let cell = min(Self.cell, (Figure.width - Self.left) / Double(names.count))
        let size = cell * Double(names.count)
        let (wide, high) = (Self.left + size + 16, size + 56)
        let perRow = max(1, Int(Figure.width / wide))
        let rows = (panels.count + perRow - 1) / perRow
        let parts = panels.enumerated().flatMap { index, panel in
            draw(
                panel, x: Double(index % perRow) * wide, y: Double(index / perRow) * high, cell: cell)
        }
        return Figure(
            title: title,
            drawing: Figure.drawing(height: Double(rows) * high, label: title, parts),
            numbers: numbers)
    }

    private func draw(_ panel: Panel, x: Double, y: Double, cell: Double) -> [String] {
        var parts = [Figure.text(panel.name, x: x + 8, y: y + 18)]
        for (row, name) in names.enumerated() {
            let middle = y + 44 + (Double(row) + 0.5) * cell
            parts.append(
                Figure.text(name, x: x + Self.left - 6, y: middle + 4, anchor: "end", faint: true))
            parts.append(
                Figure.text(
                    String(name.prefix(6)), x: x + Self.left + (Double(row) + 0.5) * cell, y: y + 38,
                    anchor: "middle", faint: true))
            for (column, other) in names.enumerated() {
                guard let value = panel.values[row][column] else { continue }
                let place = x + Self.left + Double(column) * cell
                parts.append(
                    Figure.box(
                        x: place + 1, y: middle - 0.5 * cell + 1, width: cell - 2, height: cell - 2,
                        look: value < 0 ? "negative" : "positive", opacity: 0.75 * min(1, abs(value)),
                        title: "\(name) × \(other): \(TextTable.number(value, digits: 4))"))
                if cell >= 34 {
                    parts.append(
                        Figure.text(
                            TextTable.number(value, digits: 2), x: place + 0.5 * cell, y: middle + 4,
                            anchor: "middle"))
                }
            }
        }
        return parts
    }

    private var numbers: TextTable {
        let pairs = names.indices.flatMap { row in names.indices.filter { $0 != row }.map { (row, $0) } }
        return TextTable(
            [["part"] + pairs.map { "\(names[$0])×\(names[$1])" }]
                + panels.map { panel in
                    [panel.name] + pairs.map { TextTable.number(panel.values[$0][$1], digits: 4) }
                }, numbers: true)
    }
}
