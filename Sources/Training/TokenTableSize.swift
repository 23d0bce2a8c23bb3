/// The size of a ``TokenTable``.
package struct TokenTableSize: Sendable {
    package let texts: Int
    package let tokens: Int

    package init(texts: Int, tokens: Int) { (self.texts, self.tokens) = (texts, tokens) }

    /// The bytes of its memory.
    package var bytes: Int { 12 * texts + 4 * tokens }
}
