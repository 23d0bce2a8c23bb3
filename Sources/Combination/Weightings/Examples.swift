import Diagnostics

/// p_t = n_t / N: each example of the step counts the same.
struct Examples: LossWeighting {
    static let name = "examples"
    static let summary = "a task's mean loss counts by the task's share of the step's examples"
    static let source = "the mean loss over a mixed batch"

    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] { tasks.shares }
}
