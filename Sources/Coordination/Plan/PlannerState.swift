import Formats
import Training

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

extension PlannerState {
    /// Reads what a checkpoint says was drawn.
    init(_ checkpoint: Checkpoint, tasks: Int) throws {
        let facts = CheckpointFacts(checkpoint, tasks: tasks)
        positions = try facts.list("positions", CheckpointFacts.count)
        requested = try facts.list("requested") { $0.double.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil } }
        microBatches = try facts.value("microBatches", CheckpointFacts.count)
    }
}
