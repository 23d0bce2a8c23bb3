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

/// A weighting that learns from the losses of a step's examples after the step's update.
package protocol HindsightWeighting: LossWeighting {
    /// Updates the memory by each task's mean loss before and after the update, on the same examples.
    func learn(before: [Double], after: [Double], memory: inout [[Double]])
}

/// The tasks of a step, as far as a weighting sees them.
package struct TaskLosses: Sendable {
    package let names: [String]
    /// Each task's mean loss over its examples of the step, before the update.
    package let losses: [Double]
    /// Each task's share of the step's examples.
    package let shares: [Double]
    /// The step's epoch, from 0: as many steps as draw the number of all tasks' training examples.
    package let epoch: Int
    /// For each task, a random number of the standard normal distribution.
    package let normals: [Double]

    package init(names: [String], losses: [Double], shares: [Double], epoch: Int, normals: [Double]) {
        (self.names, self.losses, self.shares) = (names, losses, shares)
        (self.epoch, self.normals) = (epoch, normals)
    }

    package var count: Int { names.count }
}
