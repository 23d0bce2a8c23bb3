import Formats
import Foundation

/// Named points, of which those are marked that no other point beats in both values: the Pareto front.
struct ScatterPlot {
    struct Mark: Sendable {
        let name: String
        /// A cost, lower is better, and a value, higher is better.
        let cost, value: Double
    }

    let title: String
    /// The names of the axes.
    let cost, value: String
    let marks: [Mark]

    private static let height = 340.0

    var figure: Figure? {
        guard marks.count > 1 else { return nil }
        let least = marks.map(\.cost).filter { $0 > 0 }.min()
        // On a logarithmic scale a cost of 0 lies a decade below the least other one.
        let zero = least.map { pow(10, log10($0).rounded(.down) - 1) } ?? 0
        func shown(_ cost: Double) -> Double { cost > 0 ? cost : zero }
        let across = Axis(
            marks.map { shown($0.cost) }, from: 60, to: Figure.width - 90, logarithmic: least != nil)
        let up = Axis(marks.map(\.value), from: Self.height - 46, to: 24)
        var parts = up.horizontalGrid(along: across)
        parts += across.verticalLabels(y: Self.height - 28) { $0 == zero ? "0" : across.label($0) }
        parts += [
            Figure.text(cost, x: across.end, y: Self.height - 8, anchor: "end", faint: true),
            Figure.text(value, x: 8, y: 14, faint: true),
        ]
        var labels = MarkLabels(width: Figure.width)
        // From the top down, so that a name moves away from those above it.
        for mark in marks.sorted(by: { $0.value > $1.value }) {
            let (x, y) = (across.place(shown(mark.cost)), up.place(mark.value))
            parts += [
                element(
                    "circle",
                    [
                        "cx": coordinate(x), "cy": coordinate(y), "r": "5",
                        "class": isBest(mark) ? "f1" : "f6",
                    ], element("title", [:], escaped(text(mark)))),
                labels.text(mark.name, besideX: x, y: y, faint: !isBest(mark)),
            ]
        }
        return Figure(
            title: title,
            drawing: Figure.drawing(
                height: Self.height,
                label: "\(title): \(marks.map(text).joined(separator: "; "))", parts),
            numbers: TextTable(
                [["", cost, value, "on the front"]]
                    + marks.map { mark in
                        [
                            mark.name, TextTable.number(mark.cost, digits: 0),
                            TextTable.number(mark.value, digits: 4), isBest(mark) ? "yes" : "no",
                        ]
                    }, numbers: true))
    }

    private func isBest(_ mark: Mark) -> Bool {
        !marks.contains { other in
            other.cost <= mark.cost && other.value >= mark.value
                && (other.cost < mark.cost || other.value > mark.value)
        }
    }

    private func text(_ mark: Mark) -> String {
        "\(mark.name): \(TextTable.number(mark.cost, digits: 0)) \(cost), "
            + "\(TextTable.number(mark.value, digits: 4)) \(value)"
    }
}
