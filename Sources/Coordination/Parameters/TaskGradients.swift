import Adapters

/// The gradient of each task's summed losses in one step, exact and equal on all ranks.
///
/// The values are views of the exact sum's memory, valid until its next step begins.
struct TaskGradients {
    /// One task's share of a block's gradient.
    struct Part {
        /// The task's row.
        let row: Int
        /// As many values as the block has.
        let values: UnsafePointer<Float>
    }

    /// The tasks and slices that the rows hold.
    let rows: GradientRows
    let sums: [UnsafeBufferPointer<Float>]
    /// The blocks that have a gradient, ascending.
    let blocks: [Int]
    private let parts: [Int: [Part]]

    init(_ rows: GradientRows, _ sums: [UnsafeBufferPointer<Float>], _ store: ParameterStore) {
        self.rows = rows
        self.sums = sums
        var parts: [Int: [Part]] = [:]
        for (row, task) in rows.tasks.enumerated() {
            guard var values = sums[row].baseAddress.map({ UnsafePointer($0) }) else { continue }
            for slice in rows.slices[row] {
                parts[store.blockOfSlice[task][slice], default: []].append(Part(row: row, values: values))
                values += store.layouts[task].slices[slice].count
            }
        }
        self.parts = parts
        blocks = parts.keys.sorted()
    }

    /// The shares of all tasks that use a block, in the order of the rows.
    func parts(of block: Int) -> [Part] { parts[block] ?? [] }
}
