/// The micro-batches of one optimizer step, and the rank that computes each.
package struct StepPlan: Equatable, Sendable {
    /// The micro-batches, in the order they were drawn.
    package let microBatches: [MicroBatch]
    /// The rank that computes each micro-batch; nothing else in a plan depends on the number of ranks.
    package var ranks: [Int]

    package init(_ microBatches: [MicroBatch], ranks: [Int] = []) {
        self.microBatches = microBatches
        self.ranks = ranks
    }

    /// The tasks that take part, ascending.
    package var tasks: [Int] { Set(microBatches.map(\.task)).sorted() }
    /// Examples over all tasks.
    package var examples: Int { microBatches.reduce(0) { $0 + $1.examples.count } }

    /// A task's examples.
    package func examples(of task: Int) -> Int {
        microBatches.reduce(0) { $0 + ($1.task == task ? $1.examples.count : 0) }
    }
}
