/// Where the numbers of one step lie: rows of groups.
///
/// A row is one task that takes part in the step; its groups are its parameter slices, in order. Each
/// (row, group) is scaled by itself, so that a slice with small gradients keeps its precision beside one
/// with large ones.
package struct ReductionLayout: Sendable, Equatable {
    /// The lengths of each row's groups.
    package let rows: [[Int]]
    /// How many numbers each row has.
    package let rowLengths: [Int]
    /// Where each row starts among all numbers.
    let rowStarts: [Int]
    /// Where each row's first group is among all groups.
    let groupStarts: [Int]

    /// All numbers of all rows.
    package var count: Int { (rowStarts.last ?? 0) + (rowLengths.last ?? 0) }
    /// All groups of all rows.
    package var groupCount: Int { (groupStarts.last ?? 0) + (rows.last?.count ?? 0) }

    /// Lays out rows: `rows[r]` has the lengths of row r's groups, in order.
    package init(rows: [[Int]]) {
        precondition(rows.allSatisfy { $0.allSatisfy { $0 >= 0 } }, "a group's length is not negative")
        self.rows = rows
        rowLengths = rows.map { $0.reduce(0, +) }
        rowStarts = rowLengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }.dropLast()
        groupStarts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }.dropLast()
    }
}
