/// The gradient of the mean loss over all examples of the step.
struct Sum: CombinationRule {
    static let name = "sum"
    static let summary = "the gradient of the mean loss over the step's examples"
    static let source = "Kurin et al., In Defense of the Unitary Scalarization, 2022"
    static let comparesAllTasks = false

    func weights(_ tasks: TaskComparison) -> [Double]? { tasks.shares }
}
