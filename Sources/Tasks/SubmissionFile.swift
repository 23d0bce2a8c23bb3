/// A file of a submission to GLUE's server: one answer for each line of a test file.
package struct SubmissionFile: Sendable, Equatable {
    /// The name without `.tsv`.
    package let name: String
    /// The split of the task that it answers.
    package let split: Split
    /// The number of answers.
    package let count: Int

    init(_ name: String, _ split: Split, count: Int) {
        (self.name, self.split, self.count) = (name, split, count)
    }

    /// The split's task in `launch/glue`.
    func download(of task: GLUETask) -> String { split == .diagnostic ? "ax" : task.name }
}
