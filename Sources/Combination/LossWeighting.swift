package import Diagnostics

/// A weighting of the tasks' losses, which scales each task's gradient before a rule combines them.
///
/// The weights p of a step are a function of the losses of that step and of the numbers that the weighting
/// remembers for each task: it sees no gradient, rank or file. A weighting is a file in `Weightings/` and a
/// line in ``WeightingTable``.
package protocol LossWeighting: PublishedMethod {
    /// The numbers that it remembers of a task, before the task's first step; none by default.
    var start: [Double] { get }

    /// The weight of each task of a step; updates the memory, which has a row for each of these tasks.
    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double]
}

extension LossWeighting {
    package static var table: MethodTable { WeightingTable.methods }
    package var start: [Double] { [] }
}
