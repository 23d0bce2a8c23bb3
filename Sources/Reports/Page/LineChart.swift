import Formats

/// Curves over the steps of a run.
struct LineChart {
    let title: String
    /// The heading of the points' x in the table of numbers, such as `step`.
    let x: String
    let curves: [Curve]
    /// Vertical lines with names, such as the starts of stages.
    var marks: [Mark] = []
    var digits = 4

    struct Mark: Sendable {
        let name: String
        let x: Double
    }

    /// The most points of a curve.
    private static let mostPoints = 120

    /// The height without the legend.
    private static let height = 252.0
    /// The height of a row of the legend.
    private static let rowHeight = 18.0

    var figure: Figure? {
        let shown = curves.filter { !$0.points.isEmpty }.map { $0.thinned(to: Self.mostPoints) }
        guard !shown.isEmpty else { return nil }
        let all = shown.flatMap(\.points)
        // As many columns as have room for the longest name.
        let longest = shown.map(\.name.count).max() ?? 0
        let columnWidth = max(165, 44 + MarkLabels.letterWidth * Double(longest))
        let columns = max(1, Int((Figure.width - 60) / columnWidth))
        let rows = Double((shown.count + columns - 1) / columns)
        let bottom = Self.height - 30
        let across = Axis(all.map(\.x) + marks.map(\.x), from: 60, to: Figure.width - 28)
        let up = Axis(all.map(\.y), from: bottom, to: 16)
        var parts = up.horizontalGrid(along: across) + across.verticalLabels(y: bottom + 16)
        for mark in marks {
            parts += [
                Figure.line(across.place(mark.x), bottom, across.place(mark.x), 16),
                Figure.text(mark.name, x: across.place(mark.x) + 4, y: 26, faint: true),
            ]
        }
        for (index, curve) in shown.enumerated() {
            let look = "s\(index % PageStyle.seriesCount)"
            let places = curve.points.map {
                "\(coordinate(across.place($0.x))) \(coordinate(up.place($0.y)))"
            }
            // A single point is a line of no length, which round ends make visible.
            let path = "M" + (places.count == 1 ? places + places : places).joined(separator: "L")
            parts.append(
                element(
                    "path", ["class": "series \(look)", "stroke-linecap": "round", "d": path],
                    element("title", [:], escaped(curve.name))))
            let (x, y) = (
                60 + columnWidth * Double(index % columns),
                bottom + 34 + Self.rowHeight * Double(index / columns)
            )
            parts += [
                element(
                    "path",
                    [
                        "class": "series \(look)",
                        "d": "M\(coordinate(x)) \(coordinate(y))h24",
                    ]),
                Figure.text(curve.name, x: x + 30, y: y + 4),
            ]
        }
        return Figure(
            title: title,
            drawing: Figure.drawing(
                height: Self.height + Self.rowHeight * rows,
                label: "\(title): \(names(shown))", parts),
            numbers: numbers(shown))
    }

    private func names(_ curves: [Curve]) -> String { curves.map(\.name).joined(separator: ", ") }

    private func numbers(_ curves: [Curve]) -> TextTable {
        let xs = Set(curves.flatMap { $0.points.map(\.x) }).sorted()
        let values = curves.map { curve in
            Dictionary(curve.points.map { ($0.x, $0.y) }) { _, last in last }
        }
        return TextTable(
            [[x] + curves.map(\.name)]
                + xs.map { x in
                    ["\(Int(x))"] + values.map { TextTable.number($0[x], digits: digits) }
                }, numbers: true)
    }
}
