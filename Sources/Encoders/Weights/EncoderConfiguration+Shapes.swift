/// The shape of a matrix.
package struct MatrixShape: Sendable, Equatable {
    package let rows, columns: Int

    var count: Int { rows * columns }

    init(_ rows: Int, _ columns: Int) {
        self.rows = rows
        self.columns = columns
    }
}

extension EncoderConfiguration {
    /// The shape of an embedding table; nil if the backbone has none of its kind.
    package func shape(of table: EmbeddingTable) -> MatrixShape? {
        switch table {
        case .words: MatrixShape(vocabulary, embedding)
        case .positions: MatrixShape(positionRows, embedding)
        case .segments: segments.map { MatrixShape($0, embedding) }
        case .distances:
            family.tensors.table(.distances).map { _ in MatrixShape(RelativePositions.buckets, heads) }
        }
    }

    /// The shape of W [out, in] at a linear site; nil if the family has no such map.
    package func shape(ofLinear site: Site) -> MatrixShape? {
        switch site {
        case .query, .key, .value, .projection: MatrixShape(hidden, hidden)
        case .intermediate: MatrixShape(intermediate, hidden)
        case .output: MatrixShape(hidden, intermediate)
        case .embeddingProjection: embedding == hidden ? nil : MatrixShape(hidden, embedding)
        case .pooler: family.tensors.pooler.map { _ in MatrixShape(hidden, hidden) }
        default: nil
        }
    }

    /// The width of γ and β at a norm site.
    package func width(ofNorm site: Site) -> Int { site == .embeddingNorm ? embedding : hidden }
}
