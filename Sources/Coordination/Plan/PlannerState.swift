import Formats
import Runs
package import Sampling

/// The position in each task's stream of examples, in this stage, and all else that the next draw depends on.
///
/// It is part of checkpoints.
package struct PlannerState: Equatable, Sendable {
    /// Examples of each task drawn in this stage.
    package var positions: [Int]
    /// Micro-batches drawn in this stage.
    package var microBatches = 0
    /// By task, the sum of its sampling probability over all micro-batches drawn in this stage.
    package var requested: [Double]
    /// By task, the micro-batches that it was due, less those drawn, if drawn by quota.
    package var lags: [Double]
    /// By task, the smaller micro-batches at the ends of steps that it was due, less those drawn.
    package var remainders: [Double]
    /// The sampler's memory.
    package var memory: SamplerMemory

    /// The state at the start of a stage.
    package init(tasks: Int, _ sampler: any Sampler = SamplerTable.proportional) {
        positions = [Int](repeating: 0, count: tasks)
        requested = [Double](repeating: 0, count: tasks)
        lags = requested
        remainders = requested
        memory = sampler.memory(tasks: tasks)
    }

    /// Each task's requested and realised share of this stage.
    func shares(_ names: [String]) -> NamedValues<DrawnShare> {
        let (requested, drawn) = (requested.reduce(0, +), Double(positions.reduce(0, +)))
        return NamedValues(
            names.indices.map { task in
                let examples = positions[task]
                return (
                    names[task],
                    DrawnShare(
                        requested: requested > 0 ? self.requested[task] / requested : 0,
                        realised: drawn > 0 ? Double(examples) / drawn : 0, examples: examples)
                )
            })
    }
}
