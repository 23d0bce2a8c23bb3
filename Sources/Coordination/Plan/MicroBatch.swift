/// Examples of one task that one rank computes together.
///
/// They depend on the study, not on the number of ranks.
package struct MicroBatch: Equatable, Sendable {
    /// The task's index.
    package let task: Int
    /// Indices into the task's training split, in the order in which they are packed.
    package let examples: [Int]

    package init(task: Int, examples: [Int]) {
        self.task = task
        self.examples = examples
    }
}
