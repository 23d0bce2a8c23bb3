/// How far each task's stream of examples has been drawn in this stage.
///
/// The next draw depends on it, so checkpoints hold it.
package struct PlannerState: Equatable, Sendable {
    /// Examples of each task that were drawn in this stage.
    package var positions: [Int]
    /// Micro-batches that were drawn in this stage.
    package var microBatches = 0
    /// The probabilities of all micro-batches drawn in this stage, added up by task: the shares that were requested.
    package var requested: [Double]

    package init(tasks: Int) {
        positions = [Int](repeating: 0, count: tasks)
        requested = [Double](repeating: 0, count: tasks)
    }
}
