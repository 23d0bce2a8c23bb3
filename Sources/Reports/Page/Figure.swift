import Formats

/// A drawing, with its numbers in a table that opens below it.
struct Figure {
    let title: String
    /// An SVG element.
    let drawing: String
    let numbers: TextTable

    /// The width of every drawing.
    static let width = 720.0

    var html: String {
        element(
            "figure", [:],
            element("figcaption", [:], escaped(title)) + "\n\(drawing)\n"
                + PageBlock.folded("numbers", [.table(numbers)]).html)
    }

    /// An SVG element of a height in its own units, which says what it shows to those who cannot see it.
    static func drawing(height: Double, label: String, _ parts: [String]) -> String {
        element(
            "svg",
            [
                "viewBox": "0 0 \(coordinate(width)) \(coordinate(height))", "role": "img",
                "aria-label": label, "xmlns": "http://www.w3.org/2000/svg",
            ], parts.joined(separator: "\n"))
    }

    /// A text at a point; `anchor` is `start`, `middle` or `end`.
    static func text(_ text: String, x: Double, y: Double, anchor: String = "start", faint: Bool = false)
        -> String
    {
        element(
            "text",
            [
                "x": coordinate(x), "y": coordinate(y), "text-anchor": anchor, "class": faint ? "faint" : "",
            ], escaped(text))
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        element(
            "path",
            [
                "class": "axis",
                "d": "M\(coordinate(x1)) \(coordinate(y1))L\(coordinate(x2)) \(coordinate(y2))",
            ])
    }

    /// A rectangle with a text that appears under the pointer.
    static func box(
        x: Double, y: Double, width: Double, height: Double, look: String, opacity: Double = 1,
        title: String
    ) -> String {
        element(
            "rect",
            [
                "x": coordinate(x), "y": coordinate(y), "width": coordinate(max(0, width)),
                "height": coordinate(max(0, height)), "class": look, "fill-opacity": coordinate(opacity),
            ], element("title", [:], escaped(title)))
    }

    /// Names beside boxes in the series' colours, on one line.
    static func legend(_ names: [String], x left: Double, y: Double, spacing: Double) -> [String] {
        names.enumerated().flatMap { index, name in
            let x = left + spacing * Double(index)
            return [
                box(x: x, y: y, width: 16, height: 12, look: fill(ofSeries: index), title: name),
                text(name, x: x + 22, y: y + 10),
            ]
        }
    }

    /// The class of a series' filled shapes.
    static func fill(ofSeries index: Int) -> String { "f\(index % PageStyle.seriesCount)" }
}

/// A coordinate with at most two decimals.
func coordinate(_ value: Double) -> String {
    let hundredths = (value * 100).rounded()
    guard hundredths.isFinite else { return "0" }
    return hundredths.truncatingRemainder(dividingBy: 100) == 0
        ? "\(Int(hundredths / 100))" : "\(hundredths / 100)"
}
