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

    private static let width = 720.0
    private static let thickness = 14.0

    var figure: Figure? {
        guard !bars.isEmpty else { return nil }
        let group = Self.thickness * Double(series.count) + 10
        let bottom = 10 + group * Double(bars.count)
        let across = Axis([0] + bars.flatMap(\.values), from: 110, to: Self.width - 20)
        var parts = across.ticks.flatMap { tick in
            [
                Figure.line(across.place(tick), 6, across.place(tick), bottom),
                Figure.text(
                    across.label(tick), x: across.place(tick), y: bottom + 16, anchor: "middle", faint: true),
            ]
        }
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
                        look: "f\(index % PageStyle.seriesCount)",
                        title: "\(bar.name), \(series[index]): \(TextTable.number(value, digits: digits))"))
            }
        }
        for (index, name) in series.enumerated() {
            let x = 110 + 165 * Double(index)
            parts += [
                Figure.box(
                    x: x, y: bottom + 26, width: 16, height: 12,
                    look: "f\(index % PageStyle.seriesCount)", title: name),
                Figure.text(name, x: x + 22, y: bottom + 36),
            ]
        }
        return Figure(
            title: title,
            drawing: Figure.drawing(width: Self.width, height: bottom + 48, label: title, parts),
            numbers: TextTable(
                [[""] + series]
                    + bars.map { bar in
                        [bar.name] + bar.values.map { TextTable.number($0, digits: digits) }
                    }, numbers: true))
    }
}
