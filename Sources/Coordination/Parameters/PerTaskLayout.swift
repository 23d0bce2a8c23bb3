/// The layout of a vector that holds numbers of each task for each block that the task shares with others.
package struct PerTaskLayout: Sendable {
    /// The length of the vector.
    let count: Int
    /// By task, the range of each of its shared blocks.
    private let ranges: [[Int: Range<Int>]]

    init(_ blocks: [ParameterBlock], tasks: Int) {
        var end = 0
        var ranges = [[Int: Range<Int>]](repeating: [:], count: tasks)
        for (index, block) in blocks.enumerated() where block.tasks.count > 1 {
            for task in block.tasks {
                ranges[task][index] = end..<end + block.range.count
                end += block.range.count
            }
        }
        (count, self.ranges) = (end, ranges)
    }

    /// The range of a task's numbers for a block; nil if no other task uses the block.
    func range(_ block: Int, of task: Int) -> Range<Int>? { ranges[task][block] }
}
