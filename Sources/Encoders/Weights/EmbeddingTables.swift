package import Kernels

/// A table of the embeddings' sum.
package enum EmbeddingTable: String, Sendable, CaseIterable { case words, positions, segments }

/// The embedding tables of a backbone, or others of their shapes.
package struct EmbeddingTables {
    /// [vocabulary, d].
    package let words: Matrix
    /// [positions, d].
    package let positions: Matrix
    /// [segments, d]; nil in families without segments.
    package let segments: Matrix?

    package init(words: Matrix, positions: Matrix, segments: Matrix?) {
        self.words = words
        self.positions = positions
        self.segments = segments
    }

    package subscript(table: EmbeddingTable) -> Matrix? {
        switch table {
        case .words: words
        case .positions: positions
        case .segments: segments
        }
    }
}
