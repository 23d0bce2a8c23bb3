import Diagnostics

/// A named line of a chart.
struct Curve: Sendable {
    struct Point: Sendable {
        let x, y: Double
    }

    let name: String
    let points: [Point]

    /// The mean of curves, at each x that all of them have.
    init(_ name: String, meanOf curves: [Curve]) {
        let values = curves.map { Dictionary($0.points.map { ($0.x, $0.y) }) { _, last in last } }
        self.name = name
        points = (curves.first?.points.map(\.x) ?? []).compactMap { x in
            values.map { $0[x] }.wholeMean.map { Point(x: x, y: $0) }
        }
    }

    init(name: String, points: [Point]) { (self.name, self.points) = (name, points) }

    /// At most `count` points: each the mean of as many neighbours.
    func thinned(to count: Int) -> Curve {
        guard points.count > count else { return self }
        let bins = (0..<count).map { points[$0 * points.count / count..<($0 + 1) * points.count / count] }
        return Curve(
            name: name,
            points: bins.compactMap { bin in
                guard let x = bin.last?.x, let y = bin.map(\.y).mean else { return nil }
                return Point(x: x, y: y)
            })
    }
}
