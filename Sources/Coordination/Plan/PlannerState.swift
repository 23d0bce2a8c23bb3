/// The position in each task's stream of examples, in this stage.
///
/// The next draw depends on it, so it is part of checkpoints.
package struct PlannerState: Equatable, Sendable {
    /// Examples of each task drawn in this stage.
    package var positions: [Int]
    /// Micro-batches drawn in this stage.
    package var microBatches = 0
    /// By task, the sum of its sampling probability over all micro-batches drawn in this stage.
    package var requested: [Double]

    package init(tasks: Int) {
        positions = [Int](repeating: 0, count: tasks)
        requested = [Double](repeating: 0, count: tasks)
    }
}
