import Formats
import Foundation

/// A linear or logarithmic scale from values to coordinates, with round ticks.
struct Axis {
    let values: ClosedRange<Double>
    /// The coordinates of the ends.
    let start, end: Double
    let isLogarithmic: Bool
    /// The distance of ticks on a linear scale.
    private let step: Double

    /// Widens the range of `data` to whole ticks; an empty one is 0 to 1.
    init(_ data: [Double], from start: Double, to end: Double, logarithmic: Bool = false) {
        let finite = data.filter { $0.isFinite && (!logarithmic || $0 > 0) }
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        var step = 1.0
        if logarithmic {
            low = pow(10, log10(max(low, 1e-12)).rounded(.down))
            high = max(pow(10, log10(max(high, 1e-12)).rounded(.up)), 10 * low)
        } else {
            if low == high { (low, high) = (low - 0.5, high + 0.5) }
            step = Self.step(high - low)
            low = (low / step).rounded(.down) * step
            high = (high / step).rounded(.up) * step
        }
        values = low...high
        self.step = step
        (self.start, self.end, isLogarithmic) = (start, end, logarithmic)
    }

    func place(_ value: Double) -> Double {
        func scaled(_ value: Double) -> Double { isLogarithmic ? log10(max(value, 1e-12)) : value }
        let (low, high) = (scaled(values.lowerBound), scaled(values.upperBound))
        return start + (scaled(value) - low) / (high - low) * (end - start)
    }

    /// Round values, at most ten.
    var ticks: [Double] {
        if isLogarithmic {
            let low = Int(log10(values.lowerBound).rounded())
            let high = Int(log10(values.upperBound).rounded())
            return (low...high).map { pow(10, Double($0)) }
        }
        let count = Int(((values.upperBound - values.lowerBound) / step).rounded())
        return (0...count).map { values.lowerBound + Double($0) * step }
    }

    /// A tick's text, with as many decimals as the distance of ticks asks for.
    func label(_ tick: Double) -> String {
        if isLogarithmic { return tick >= 1 ? Int(tick).grouped : "\(tick)" }
        let decimals = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
        return decimals == 0 ? Int(tick.rounded()).grouped : String(format: "%.\(decimals)f", tick)
    }

    /// Lines at the ticks of a vertical axis along a horizontal one, with their values on the left.
    func horizontalGrid(along across: Axis) -> [String] {
        ticks.flatMap { tick in
            [
                Figure.line(across.start, place(tick), across.end, place(tick)),
                Figure.text(label(tick), x: 54, y: place(tick) + 4, anchor: "end", faint: true),
            ]
        }
    }

    /// The values at the ticks of a horizontal axis, each below a line if lines are asked for.
    func verticalLabels(
        y: Double, lines: ClosedRange<Double>? = nil, _ label: ((Double) -> String)? = nil
    ) -> [String] {
        ticks.flatMap { tick in
            let line = lines.map { Figure.line(place(tick), $0.lowerBound, place(tick), $0.upperBound) }
            let text = Figure.text(
                label?(tick) ?? self.label(tick), x: place(tick), y: y, anchor: "middle", faint: true)
            return [line, text].compactMap(\.self)
        }
    }

    /// 1, 2 or 5 times a power of ten, of which four to eight fit into the width.
    private static func step(_ width: Double) -> Double {
        let rough = width / 6
        let power = pow(10, log10(rough).rounded(.down))
        return (rough < 1.5 * power ? 1 : rough < 3.5 * power ? 2 : rough < 7.5 * power ? 5 : 10) * power
    }
}
