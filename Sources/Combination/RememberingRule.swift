/// A rule that remembers a number for each ordered pair of tasks from step to step.
package protocol RememberingRule: CombinationRule {
    /// The weight of each task; updates the memory, which begins with zeros.
    func weights(_ tasks: TaskComparison, memory: inout [[Double]]) -> [Double]?
}

extension RememberingRule {
    package func weights(_ tasks: TaskComparison) -> [Double]? {
        var memory = [[Double]](repeating: [Double](repeating: 0, count: tasks.count), count: tasks.count)
        return weights(tasks, memory: &memory)
    }
}
