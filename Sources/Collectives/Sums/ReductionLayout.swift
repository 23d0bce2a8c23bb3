/// The layout of a step's values: rows of groups.
///
/// A row is a task that takes part in the step; its groups are the task's parameter slices, in order. Each
/// group has its own scale, so that a slice with small gradients keeps its precision next to one with large
/// gradients.
package struct ReductionLayout: Sendable, Equatable {
    /// `rows[r][g]` is the length of group g of row r.
    package let rows: [[Int]]
    package let rowLengths: [Int]
    /// The offset of each row.
    let rowStarts: [Int]
    /// The index of each row's first group among all groups.
    let groupStarts: [Int]

    /// The number of values of all rows.
    package var count: Int { (rowStarts.last ?? 0) + (rowLengths.last ?? 0) }
    /// The number of groups of all rows.
    package var groupCount: Int { (groupStarts.last ?? 0) + (rows.last?.count ?? 0) }

    package init(rows: [[Int]]) {
        precondition(rows.allSatisfy { $0.allSatisfy { $0 >= 0 } }, "a group's length is not negative")
        self.rows = rows
        rowLengths = rows.map { $0.reduce(0, +) }
        rowStarts = rowLengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }.dropLast()
        groupStarts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }.dropLast()
    }
}
