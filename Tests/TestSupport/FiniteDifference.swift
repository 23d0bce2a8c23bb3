/// The gradient of `function` at `point` by central differences of fourth order.
///
/// (8 (f(x + h) − f(x − h)) − (f(x + 2h) − f(x − 2h))) / 12h. A float function whose value is about F
/// makes the result wrong by about 1e-7 F / h, so that h near 0.02 suits parameters near 1.
package func finiteDifferences(
    of function: ([Float]) throws -> Double, at point: [Float], step: Float
) rethrows -> [Double] {
    var point = point
    return try point.indices.map { index in
        let center = point[index]
        defer { point[index] = center }
        // Rounding decides how much was really added.
        func slope(_ multiple: Float) throws -> Double {
            point[index] = center + multiple * step
            let (above, right) = (try function(point), Double(point[index]))
            point[index] = center - multiple * step
            let (below, left) = (try function(point), Double(point[index]))
            return (above - below) / (right - left)
        }
        return (4 * (try slope(1)) - (try slope(2))) / 3
    }
}
