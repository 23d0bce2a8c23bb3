import Foundation

extension SymmetricMatrix {
    /// The w > 0 with Gw = w^(−p), by Newton's method; nil if there is none or it was not found.
    ///
    /// It minimises a convex function with this gradient difference, so a step is halved until the function
    /// still falls at its end.
    func solution(power p: Double) -> [Double]? {
        func slope(_ w: [Double]) -> [Double] { zip(times(w), w).map { $0 - pow($1, -p) } }
        var w = [Double](repeating: 1, count: size)
        for _ in 0..<200 {
            let gradient = slope(w)
            var curvature = self
            for i in 0..<size { curvature[i, i] += p * pow(w[i], -p - 1) }
            guard let newton = curvature.solution(gradient, of: Array(0..<size)) else { return nil }
            let fall = dot(gradient, newton)
            guard fall.isFinite else { return nil }
            if fall <= 1e-26 * Double(size) { return w }
            var step = 1.0
            while true {
                let next = zip(w, newton).map { $0 - step * $1 }
                if next.allSatisfy({ $0 > 0 }), fall < 1e-6 || dot(slope(next), newton) >= 0 {
                    w = next
                    break
                }
                step /= 2
                if step < 1e-12 { return nil }
            }
        }
        return nil
    }
}
