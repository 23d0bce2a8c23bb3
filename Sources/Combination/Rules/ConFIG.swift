import Diagnostics

/// The direction with the same cosine to every gradient, as long as the sum of their projections on it.
///
/// With the cosines C, a = C⁺1 and the direction is Σ (a_t/‖g_t‖) g_t. Without one all weights are 0.
struct ConFIG: CombinationRule {
    static let name = "config"
    static let summary = "the direction with the same cosine to every gradient"
    static let source = "Liu et al., ConFIG: Conflict-Free Inverse Gradient, 2024 (arXiv 2408.11104)"
    static let comparesAllTasks = true

    func weights(_ tasks: TaskComparison) -> [Double]? {
        let g = tasks.gramian.normalized
        let inverse = g.diagonal.map { $0 > 0 ? 1 / $0.squareRoot() : 0 }
        let cosines = g.map { i, j, value in value * inverse[i] * inverse[j] }
        let a = cosines.pseudoinverse(times: inverse.map { _ in 1 })
        let square = dot(cosines.times(a), a)
        let direction = zip(a, inverse).map(*)
        if square < 1e-12 { return a.map { _ in 0 } }
        let length = g.times(direction).reduce(0, +)
        return direction.map { $0 * length / square }
    }
}
