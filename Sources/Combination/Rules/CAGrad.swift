import Diagnostics

/// The vector within c‖g₀‖ of the mean gradient g₀ that helps the worst task most.
///
/// It is g₀ + (c‖g₀‖/‖g_w‖) g_w, where w minimises g₀·g_w + κ‖g_w‖ on the simplex and
/// κ = c‖g₀‖. Since ‖g‖ is the minimum of (‖g‖²/t + t)/2 over t > 0, w is for a fixed t the
/// shortest vector in the convex hull of g_i + (t/κ) g₀. The t with ‖g_w‖ = t is found by
/// bisection.
struct CAGrad: CombinationRule {
    static let name = "cagrad"
    static let summary = "the best for the worst task, within a distance of the mean gradient"
    static let source = "Liu et al., Conflict-Averse Gradient Descent, 2021 (arXiv 2110.14048)"
    static let comparesAllTasks = true
    static let keys = [
        MethodKey(
            "radius", \CAGrad.radius, in: 0...10, "c, the distance as a share of the mean gradient's norm")
    ]
    var radius = 0.5

    func weights(_ tasks: TaskComparison) -> [Double]? {
        let (g, equal) = (tasks.gramian.normalized, tasks.equalWeights)
        let products = g.times(equal)
        let square = max(0, dot(products, equal))
        let kappa = radius * square.squareRoot()
        guard kappa > 0 else { return equal }
        func norm(_ w: [Double]) -> Double { max(0, dot(g.times(w), w)).squareRoot() }
        func hull(_ t: Double) -> [Double]? {
            let s = t / kappa
            return g.map { i, j, value in value + s * (products[i] + products[j]) + s * s * square }
                .minimumNorm()
        }
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let t = (low + high) / 2
            guard let w = hull(t) else { return nil }
            if norm(w) > t { low = t } else { high = t }
        }
        guard let w = hull(high) else { return nil }
        // Without a common direction TorchJD takes no step; its limit is the same.
        let length = norm(w)
        return length < 1e-4 ? w.map { _ in 0 } : zip(equal, w).map { $0 + kappa / length * $1 }
    }
}
