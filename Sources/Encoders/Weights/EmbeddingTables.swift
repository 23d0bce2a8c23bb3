/// A table of the embeddings' sum.
package enum EmbeddingTable: String, Sendable, CaseIterable { case words, positions, segments }

/// Tables of the shapes of a backbone's embeddings: weights as `FrozenMatrix`, gradients as `Matrix`.
package struct EmbeddingTables<View> {
    /// [vocabulary, d].
    package let words: View
    /// [positions, d].
    package let positions: View
    /// [segments, d]; nil in families without segments.
    package let segments: View?

    package init(words: View, positions: View, segments: View?) {
        self.words = words
        self.positions = positions
        self.segments = segments
    }

    package subscript(table: EmbeddingTable) -> View? {
        switch table {
        case .words: words
        case .positions: positions
        case .segments: segments
        }
    }
}
