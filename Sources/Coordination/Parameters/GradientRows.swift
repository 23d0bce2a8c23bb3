import Adapters
package import Collectives
import Training

/// The part of each task's gradient that a step sums over the ranks: one row per task, one group per slice.
///
/// A row holds the selected slices of the task's layout end to end; other slices take no bytes.
package struct GradientRows: Sendable {
    /// The tasks, ascending; one row each.
    package let tasks: [Int]
    /// For each row, the selected slices of the task's layout, ascending.
    package let slices: [[Int]]
    /// The selected blocks, in the order of the exact sum's.
    let blocks: [Int]
    /// The lengths of rows and groups, for the exact sum.
    ///
    /// A row's scalars are its loss and, for each measured slice, the squared norm of a contribution.
    package let layout: ReductionLayout
    /// For each row, the slices whose squared norms are measured.
    let measured: [[MeasuredSlice]]
    /// For each row, the ranges of its slices in the task's vector.
    private let ranges: [[Range<Int>]]

    /// A slice of a shared block.
    struct MeasuredSlice: Sendable {
        let block: Int
        /// The block's range in the flat vector.
        let range: Range<Int>
        /// The slice's first place in the task's vector.
        let start: Int
    }

    /// Selects the slices whose blocks are included.
    ///
    /// If the rows are summed, blocks that tasks share travel once, and no task's own gradient is known. If
    /// the rows are measured, the squared norms of each micro-batch's gradient on shared blocks travel too.
    package init(
        _ store: ParameterStore, tasks: [Int], isSummed: Bool, isMeasured: Bool = false,
        where isIncluded: (_ block: Int) -> Bool
    ) {
        self.tasks = tasks
        slices = tasks.map { task in
            store.blockOfSlice[task].indices.filter { isIncluded(store.blockOfSlice[task][$0]) }
        }
        ranges = zip(tasks, slices).map { task, slices in slices.map { store.layouts[task].ranges[$0] } }
        let held = zip(tasks, slices).map { task, slices in slices.map { store.blockOfSlice[task][$0] } }
        measured = zip(held, ranges).map { held, ranges in
            zip(held, ranges).compactMap { block, range in
                isMeasured && store.blocks[block].tasks.count > 1
                    ? MeasuredSlice(block: block, range: store.blocks[block].range, start: range.lowerBound)
                    : nil
            }
        }
        let blocks = Set(held.joined()).sorted()
        let places = Dictionary(uniqueKeysWithValues: zip(blocks, blocks.indices))
        self.blocks = blocks
        layout = ReductionLayout(
            rows: ranges.map { $0.map(\.count) }, blocks: held.map { $0.compactMap { places[$0] } },
            isSummed: isSummed, scalars: measured.map { 1 + $0.count })
    }

    /// Sets a row's slices of a task's gradient to zero.
    func clear(_ row: Int, _ vector: UnsafeMutablePointer<Float>) {
        for range in ranges[row] { (vector + range.lowerBound).update(repeating: 0, count: range.count) }
    }

    /// The squared norms of a task's gradient on the row's measured slices, without pruned parameters.
    func squaredNorms(_ row: Int, of vector: UnsafePointer<Float>, _ mask: ParameterMask?) -> [Double] {
        measured[row].map { innerProduct(vector + $0.start, vector + $0.start, $0.range, mask) }
    }

    /// Calls `body` with a row's values end to end; they are copied only if there are gaps between the
    /// slices.
    func withRow<R>(
        _ row: Int, of vector: UnsafePointer<Float>, _ body: (UnsafeBufferPointer<Float>) -> R
    ) -> R {
        guard let first = ranges[row].first, let last = ranges[row].last else {
            return body(UnsafeBufferPointer(start: nil, count: 0))
        }
        let span = first.lowerBound..<last.upperBound
        if span.count == layout.rowLengths[row] {
            return body(UnsafeBufferPointer(start: vector + span.lowerBound, count: span.count))
        }
        let joined = ranges[row].flatMap {
            UnsafeBufferPointer(start: vector + $0.lowerBound, count: $0.count)
        }
        return joined.withUnsafeBufferPointer(body)
    }

    /// A row's values times a factor as a vector in the task's layout, with zeros elsewhere.
    func vector(_ row: Int, _ numbers: UnsafeBufferPointer<Float>, count: Int, times factor: Float) -> [Float]
    {
        var vector = [Float](repeating: 0, count: count)
        var next = 0
        for range in ranges[row] {
            for i in range {
                vector[i] = numbers[next] * factor
                next += 1
            }
        }
        return vector
    }
}
