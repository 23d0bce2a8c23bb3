import Adapters
import Collectives

/// The gradient of the tasks' summed losses in one step, exact and equal on all ranks.
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
    /// Each row's values; empty if the rows were summed.
    let sums: [UnsafeBufferPointer<Float>]
    /// The blocks that have a gradient, ascending.
    var blocks: [Int] { rows.blocks }
    /// For each row, by measured block, the squared norms of its micro-batches' gradients, added up.
    let squaredNorms: [[Int: Double]]
    private let totals: [Int: UnsafeBufferPointer<Float>]
    private let parts: [Int: [Part]]

    init(_ rows: GradientRows, _ sums: ExactSum.Sums, _ store: ParameterStore) {
        self.rows = rows
        self.sums = sums.rows
        squaredNorms = zip(rows.measured, sums.scalars).map { slices, scalars in
            Dictionary(uniqueKeysWithValues: zip(slices.map(\.block), scalars.dropFirst()))
        }
        totals = Dictionary(uniqueKeysWithValues: zip(rows.blocks, sums.blocks))
        var parts: [Int: [Part]] = [:]
        for (row, (task, numbers)) in zip(rows.tasks, sums.rows).enumerated() {
            guard var values = numbers.baseAddress.map({ UnsafePointer($0) }) else { continue }
            for slice in rows.slices[row] {
                parts[store.blockOfSlice[task][slice], default: []].append(Part(row: row, values: values))
                values += store.layouts[task].slices[slice].count
            }
        }
        self.parts = parts
    }

    /// A block's gradient over all tasks: their integers added, then rounded once.
    func total(of block: Int) -> UnsafeBufferPointer<Float> {
        totals[block] ?? UnsafeBufferPointer(start: nil, count: 0)
    }

    /// The shares of all tasks that use a block, in the order of the rows; empty if the rows were summed.
    func parts(of block: Int) -> [Part] { parts[block] ?? [] }
}
