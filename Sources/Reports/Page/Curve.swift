import Runs

/// A named line of a chart.
struct Curve: Sendable {
    struct Point: Sendable {
        let x, y: Double
    }

    let name: String
    let points: [Point]

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
