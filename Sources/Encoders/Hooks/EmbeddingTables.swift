/// Tables of the shapes of a backbone's embeddings: weights as `FrozenMatrix`, gradients as `Matrix`.
package struct EmbeddingTables<View> {
    /// [vocabulary, e].
    package let words: View
    /// [positions, e].
    package let positions: View
    /// [segments, e]; nil in families without segments.
    package let segments: View?
    /// [buckets of distances, heads], added to attention scores in every layer; nil in families without it.
    package let distances: View?

    package init(words: View, positions: View, segments: View?, distances: View? = nil) {
        self.words = words
        self.positions = positions
        self.segments = segments
        self.distances = distances
    }

    /// Asks for the view of each table; nil if there is none of the words or of the positions.
    package init?(_ view: (EmbeddingTable) throws -> View?) rethrows {
        guard let words = try view(.words), let positions = try view(.positions) else { return nil }
        self.init(
            words: words, positions: positions, segments: try view(.segments),
            distances: try view(.distances))
    }

    package subscript(table: EmbeddingTable) -> View? {
        switch table {
        case .words: words
        case .positions: positions
        case .segments: segments
        case .distances: distances
        }
    }
}
