/// The layout of a step's values: rows of groups.
///
/// A row is a task that takes part in the step; its groups are the task's parameter slices, in order. A group
/// is one row's part of a *block*: groups of several rows belong to one block if the tasks share the slice.
/// Each block has its own scale, so that a slice with small gradients keeps its precision next to one with
/// large gradients, and the integers of all its groups can be added.
package struct ReductionLayout: Sendable, Equatable {
    /// A group's row, and its position in that row.
    struct Place: Sendable, Equatable {
        let row, group: Int
    }

    /// `rows[r][g]` is the length of group g of row r.
    package let rows: [[Int]]
    /// `blocks[r][g]` is the block of group g of row r, from 0.
    package let blocks: [[Int]]
    /// Whether a block's groups are added before they travel, so that only their joint sum is known.
    package let isSummed: Bool
    /// How many numbers accompany each contribution to a row.
    package let scalars: [Int]
    package let rowLengths: [Int]
    /// The groups of each block, in the order of their rows.
    let groups: [[Place]]
    /// The offset of each group's sum among the values that travel.
    let offsets: [[Int]]
    /// The offset of each block's sum among the floats of ``resultCount``.
    let blockOffsets: [Int]
    /// The index of each row's first group among all groups, and of its first scalar among all scalars.
    let groupStarts, scalarStarts: [Int]

    /// The number of values that travel: of all rows, or once for each block.
    package let count: Int
    /// The number of groups of all rows.
    package let groupCount: Int
    /// The number of scalars of all rows.
    package let scalarCount: Int
    /// The number of sums: the values that travel, and the joint sums of blocks with several groups.
    let resultCount: Int

    /// Without `blocks` each group is a block of its own, and without `scalars` a row has none.
    package init(
        rows: [[Int]], blocks: [[Int]]? = nil, isSummed: Bool = false, scalars: [Int]? = nil
    ) {
        precondition(rows.allSatisfy { $0.allSatisfy { $0 >= 0 } }, "a group's length is not negative")
        self.rows = rows
        self.isSummed = isSummed
        self.scalars = scalars ?? rows.map { _ in 0 }
        rowLengths = rows.map { $0.reduce(0, +) }
        let starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        groupStarts = starts.dropLast()
        groupCount = starts[starts.count - 1]
        let own = zip(rows, starts).map { groups, start in groups.indices.map { start + $0 } }
        self.blocks = blocks ?? own
        precondition(self.blocks.map(\.count) == rows.map(\.count), "each group has a block")
        let scalarStarts = self.scalars.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        precondition(scalarStarts.count == rows.count + 1, "one number of scalars per row")
        self.scalarStarts = scalarStarts.dropLast()
        scalarCount = scalarStarts[rows.count]

        var groups = [[Place]](
            repeating: [], count: (self.blocks.joined().max() ?? -1) + 1)
        for (row, blocks) in self.blocks.enumerated() {
            for (group, block) in blocks.enumerated() { groups[block].append(Place(row: row, group: group)) }
        }
        for groups in groups {
            precondition(
                Set(groups.map { rows[$0.row][$0.group] }).count == 1,
                "blocks are numbered from 0, and a block's groups have one length")
        }
        self.groups = groups
        let lengths = groups.map { rows[$0[0].row][$0[0].group] }
        var end = 0
        func next(_ length: Int) -> Int {
            end += length
            return end - length
        }
        if isSummed {
            let offsets = lengths.map(next)
            blockOffsets = offsets
            self.offsets = self.blocks.map { $0.map { offsets[$0] } }
            count = end
        } else {
            let offsets = rows.map { $0.map(next) }
            self.offsets = offsets
            count = end
            blockOffsets = zip(groups, lengths).map { groups, length in
                groups.count == 1 ? offsets[groups[0].row][groups[0].group] : next(length)
            }
        }
        resultCount = end
    }

    /// The length of a block.
    func length(_ block: Int) -> Int { rows[groups[block][0].row][groups[block][0].group] }
}
