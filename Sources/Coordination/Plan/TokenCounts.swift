/// The lengths of training examples, with which micro-batches are balanced.
package protocol TokenCounts {
    func tokens(task: Int, example: Int) -> Int
}
