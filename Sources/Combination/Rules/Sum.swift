import Diagnostics

/// w_t = 1: the gradient of the weighted sum of the tasks' mean losses.
///
/// A task's weight is its share of the step's examples unless the study names other weights, which makes it
/// the gradient of the mean loss over all examples of the step.
struct Sum: CombinationRule {
    static let name = "sum"
    static let summary = "the gradient of the mean loss over the step's examples, or of another weighted sum"
    static let source = "Kurin et al., In Defense of the Unitary Scalarization, 2022 (arXiv 2201.04122)"
    static let comparesAllTasks = false
    static let isConstant = true
    static var standardWeighting: any LossWeighting.Type { Examples.self }

    func weights(_ tasks: TaskComparison) -> [Double]? { tasks.equalWeights.map { _ in 1 } }
}
