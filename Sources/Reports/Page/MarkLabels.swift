/// Places the names of marks: on the right of a mark or, if there is no room, on the left; below names that
/// are there already.
struct MarkLabels {
    /// The width of the drawing.
    let width: Double
    private var placed: [Box] = []

    private struct Box {
        let left, right, y: Double

        func overlaps(_ other: Box) -> Bool {
            left < other.right && other.left < right && abs(y - other.y) < MarkLabels.lineHeight
        }
    }

    private static let lineHeight = 14.0
    /// The average width of a letter.
    static let letterWidth = 7.0

    init(width: Double) { self.width = width }

    /// The name of a mark at a point.
    mutating func text(_ name: String, besideX x: Double, y: Double, faint: Bool) -> String {
        let length = Self.letterWidth * Double(name.count)
        let isOnLeft = x + 8 + length > width && x - 8 - length >= 0
        let left = isOnLeft ? x - 8 - length : x + 8
        var box = Box(left: left, right: left + length, y: y)
        while let other = placed.first(where: { $0.overlaps(box) }) {
            box = Box(left: box.left, right: box.right, y: other.y + Self.lineHeight)
        }
        placed.append(box)
        return Figure.text(
            name, x: isOnLeft ? x - 8 : left, y: box.y + 4, anchor: isOnLeft ? "end" : "start", faint: faint)
    }
}
