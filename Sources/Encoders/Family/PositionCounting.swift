/// How a family numbers a sequence's tokens, whose numbers are their rows of the position table.
package enum PositionCounting: Sendable {
    /// From 0.
    case fromZero
    /// From p + 1, where p is the id of padding: a padding token within a text has row p, and is not counted.
    case afterPadding(id: ConfigurationKeys.Key<Int>)
}
