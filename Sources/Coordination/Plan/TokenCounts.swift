/// The tokens of training examples, by which micro-batches are levelled.
package protocol TokenCounts {
    /// The tokens of a task's example.
    func tokens(task: Int, example: Int) -> Int
}
