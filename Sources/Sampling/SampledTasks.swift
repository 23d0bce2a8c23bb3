/// The tasks of a stage, as a sampler sees them before a draw.
package struct SampledTasks: Sendable {
    package let names: [String]
    /// Each task's number of training examples.
    package let examples: [Int]
    /// Whether each task is still drawn.
    package let active: [Bool]
    /// The epoch of the draw, from 0, and the number of epochs in the stage.
    package let epoch, epochs: Int
    package let memory: SamplerMemory

    package init(
        names: [String], examples: [Int], active: [Bool], epoch: Int = 0, epochs: Int = 1,
        memory: SamplerMemory = SamplerMemory(rows: 0, tasks: 0)
    ) {
        (self.names, self.examples, self.active) = (names, examples, active)
        (self.epoch, self.epochs, self.memory) = (epoch, epochs, memory)
    }

    package var activeCount: Int { active.count { $0 } }
}
