import Diagnostics

/// The mean of the gradients' projections on the dual cone, of all directions that conflict with no gradient.
///
/// `regularization` is added to the diagonal of the Gram matrix with trace 1, as in the source's program.
struct UPGrad: CombinationRule {
    static let name = "upgrad"
    static let summary = "the mean of the gradients after each is projected to conflict with none"
    static let source =
        "Quinton and Rey, Jacobian Descent for Multi-Objective Optimization, 2024 (arXiv 2406.16232)"
    static let comparesAllTasks = true
    static let keys = [
        MethodKey(
            "regularization", \UPGrad.regularization, in: 1e-12...1, "what is added to the diagonal of G")
    ]
    var regularization = 1e-4

    func weights(_ tasks: TaskComparison) -> [Double]? {
        let g = tasks.gramian.normalized.map { $0 == $1 ? $2 + regularization : $2 }
        var sum = [Double](repeating: 0, count: g.size)
        for i in 0..<g.size {
            var bound = [Double](repeating: 0, count: g.size)
            bound[i] = 1 / Double(g.size)
            guard let projected = g.projection(bound) else { return nil }
            sum = zip(sum, projected).map(+)
        }
        return sum
    }
}
