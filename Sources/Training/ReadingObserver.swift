package import Diagnostics

/// Told how far this process has read its tasks' examples.
package protocol ReadingObserver: AnyObject {
    /// The examples of a task, the `number`th of `count`, are read from their files.
    func reading(_ task: String, _ number: Int, of count: Int)

    /// Some of a split's examples, from 0 on, are tokenized, of those that are this process's.
    func tokenized(_ done: Int, of total: Int)

    /// The user should know of a problem that does not end the reading.
    func warned(_ failure: Failure)
}
