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
