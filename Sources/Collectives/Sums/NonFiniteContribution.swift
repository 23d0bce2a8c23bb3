/// A contribution contains an infinity or a NaN, or a sum overflows a float; thrown on all ranks alike.
package struct NonFiniteContribution: Error, Equatable, CustomStringConvertible {
    package let row: Int
    /// The first affected group of the row; nil for a scalar of the row.
    package let group: Int?

    package init(row: Int, group: Int?) {
        self.row = row
        self.group = group
    }

    package var description: String {
        "the sum of row \(row), \(group.map { "group \($0)" } ?? "a scalar") is not finite"
    }
}
