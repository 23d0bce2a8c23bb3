/// Told how far a rank has read its tasks' examples.
package protocol ReadingObserver: AnyObject {
    /// The examples of a task, the `number`th of `count`, are read from their files.
    func reading(_ task: String, _ number: Int, of count: Int)

    /// Some examples of a split, from 0 on, are tokenized.
    func tokenized(_ done: Int, of total: Int)
}
