import Diagnostics

/// The mean gradient's projection on the dual cone, as gradient episodic memory projects on past tasks.
struct Dual: CombinationRule {
    static let name = "dual"
    static let summary = "the mean gradient, projected to conflict with no gradient"
    static let source = "Lopez-Paz and Ranzato, Gradient Episodic Memory, 2017 (arXiv 1706.08840)"
    static let comparesAllTasks = true
    static let keys = [
        MethodKey("regularization", \Dual.regularization, in: 1e-12...1, "what is added to the diagonal of G")
    ]
    var regularization = 1e-4

    func weights(_ tasks: TaskComparison) -> [Double]? {
        tasks.gramian.normalized.map { $0 == $1 ? $2 + regularization : $2 }.projection(tasks.equalWeights)
    }
}
