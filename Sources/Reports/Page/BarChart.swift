import Formats

/// Horizontal bars of a few series, such as shares that were asked for and drawn.
struct BarChart {
    struct Bar: Sendable {
        let name: String
        /// A value of each series.
        let values: [Double]
    }

    let title: String
    let series: [String]
    let bars: [Bar]
    var digits = 3

    private static let thickness = 14.0

    var figure: Figure? {
        guard !bars.isEmpty else { return nil }
        let group = Self.thickness * Double(series.count) + 10
        let bottom = 10 + group * Double(bars.count)
        let across = Axis([0] + bars.flatMap(\.values), from: 110, to: Figure.width - 20)
        var parts = across.verticalLabels(y: bottom + 16, lines: 6...bottom)
        for (row, bar) in bars.enumerated() {
            let top = 10 + group * Double(row)
            parts.append(
                Figure.text(bar.name, x: 102, y: top + 0.5 * (group - 10) + 4, anchor: "end"))
            for (index, value) in bar.values.enumerated() {
                let zero = across.place(0)
                parts.append(
                    Figure.box(
                        x: min(zero, across.place(value)), y: top + Self.thickness * Double(index),
                        width: abs(across.place(value) - zero), height: Self.thickness - 1,
                        look: Figure.fill(ofSeries: index),
                        title: "\(bar.name), \(series[index]): \(TextTable.number(value, digits: digits))"))
            }
        }
        parts += Figure.legend(series, x: 110, y: bottom + 26, spacing: 165)
        return Figure(
            title: title,
            drawing: Figure.drawing(height: bottom + 48, label: title, parts),
            numbers: TextTable(
                [[""] + series]
                    + bars.map { bar in
                        [bar.name] + bar.values.map { TextTable.number($0, digits: digits) }
                    }, numbers: true))
    }
}
