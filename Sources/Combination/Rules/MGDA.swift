import Diagnostics

/// min over the simplex of wᵀGw, solved exactly, where the source takes steps of Frank and Wolfe.
struct MGDA: CombinationRule {
    static let name = "mgda"
    static let summary = "the shortest vector in the convex hull of the gradients"
    static let source =
        "Sener and Koltun, Multi-Task Learning as Multi-Objective Optimization, 2018 (arXiv 1810.04650)"
    static let comparesAllTasks = true

    func weights(_ tasks: TaskComparison) -> [Double]? { tasks.gramian.minimumNorm() }
}
