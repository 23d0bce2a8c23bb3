/// A unit brought an infinity or a NaN, or a sum is too large for a float; thrown on all ranks alike.
package struct NonFiniteContribution: Error, Equatable, CustomStringConvertible {
    /// The row it was brought to.
    package let row: Int
    /// The first such group within the row; nil where it is the row's loss.
    package let group: Int?

    /// Names a row and a group.
    package init(row: Int, group: Int?) {
        self.row = row
        self.group = group
    }

    /// Which row and group are not finite.
    package var description: String {
        "the sum of row \(row), \(group.map { "group \($0)" } ?? "its loss") is not finite"
    }
}
