/// Examples of one task that one rank computes together.
///
/// Its composition depends on the study alone, never on the number of ranks.
package struct MicroBatch: Equatable, Sendable {
    /// The task's index.
    package let task: Int
    /// Indices into the task's training file, in the order they are packed.
    package let examples: [Int]

    package init(task: Int, examples: [Int]) {
        self.task = task
        self.examples = examples
    }
}
