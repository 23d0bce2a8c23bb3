import Diagnostics

/// w_t = 1/T.
struct Mean: CombinationRule {
    static let name = "mean"
    static let summary = "each task's mean loss counts the same, whatever its number of examples"
    static let source = "the equal weighting that published rules are compared with"
    static let comparesAllTasks = false
    static let isConstant = true

    func weights(_ tasks: TaskComparison) -> [Double]? { tasks.equalWeights }
}
