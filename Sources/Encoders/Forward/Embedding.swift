import Kernels

// s_t = word[id_t] + segment[segment_t] + position[number_t], n = dropout(LN(s)) [T, e], and x = n [T, d], or
// x = n W_E + b_E where e differs from d. Families without segment embeddings leave out that term.
// number_t counts the sequence's tokens as the family does, see PositionCounting.

/// The embeddings' activations for backward.
struct EmbeddingActivations {
    let norm: NormActivations
    let mask: Matrix?
    /// n [T, e]; nil if the backbone does not project it.
    let projected: Matrix?
}

extension Encoder {
    /// Computes the embeddings x of a batch, and returns the activations for backward if they are saved.
    func embed(
        _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, into x: Matrix, save: Bool,
        _ workspace: Workspace
    ) -> EmbeddingActivations? {
        let mark = workspace.mark
        let tables = adaptation?.embeddings?.tables ?? weights.embeddings
        let width = weights.configuration.embedding
        let n = weights.embeddingProjection == nil ? x : workspace.matrix(x.rows, width)
        let sums = save ? workspace.matrix(x.rows, width) : n
        for sequence in 0..<batch.count {
            for own in rows(of: sequence, in: batch) {
                // Callers check bounds before, see TokenBounds.
                precondition(
                    tables.words.has(row: own.word) && tables.positions.has(row: own.position)
                        && tables.segments?.has(row: own.segment) ?? true,
                    "a token has no embedding in the backbone's tables")
                let row = sums.row(own.token)
                let word = tables.words.row(own.word)
                let position = tables.positions.row(own.position)
                if let segment = tables.segments?.row(own.segment) {
                    for c in 0..<width { row[c] = word[c] + segment[c] + position[c] }
                } else {
                    for c in 0..<width { row[c] = word[c] + position[c] }
                }
            }
        }
        let norm = normForward(
            sums, weights.embeddingNorm, at: .embeddingNorm, adaptation, into: n, save: save, workspace)
        let mask = dropout.applyHidden(
            to: n, layer: LayerSite.belowLayers, place: 0, batch, workspace)
        let isProjected = weights.embeddingProjection != nil
        if isProjected { outerLinear(n, at: .embeddingProjection, adaptation, into: x) }
        guard let norm else {
            workspace.release(to: mark)
            return nil
        }
        return EmbeddingActivations(norm: norm, mask: mask, projected: isProjected ? n : nil)
    }

    /// Adds the gradients of the embeddings' projection, LayerNorm and tables from dx, which it overwrites.
    func embedBackward(
        _ dx: Matrix, _ saved: EmbeddingActivations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation, _ workspace: Workspace
    ) {
        var d = dx
        if let projected = saved.projected {
            d = workspace.matrix(projected.rows, projected.columns)
            outerLinearBackward(dx, x: projected, at: .embeddingProjection, adaptation, into: d)
        }
        if let mask = saved.mask { multiplyElements(of: d, by: mask) }
        normParameterGradient(d, saved.norm, at: .embeddingNorm, adaptation)
        guard let gradients = adaptation.embeddings?.gradients else { return }
        normBackward(d, saved.norm, weights.embeddingNorm, at: .embeddingNorm, adaptation)
        for sequence in 0..<batch.count {
            for own in rows(of: sequence, in: batch) {
                let row = d.row(own.token)
                let word = gradients.words.row(own.word)
                let position = gradients.positions.row(own.position)
                for c in 0..<d.columns {
                    word[c] += row[c]
                    position[c] += row[c]
                }
                if let segment = gradients.segments?.row(own.segment) {
                    for c in 0..<d.columns { segment[c] += row[c] }
                }
            }
        }
    }

    /// A token's row in the batch and in each embedding table.
    private struct TableRows {
        let token, word, position, segment: Int
    }

    private func rows(of sequence: Int, in batch: PackedBatch) -> [TableRows] {
        let padding = weights.configuration.paddingId
        var next = padding.map { $0 + 1 } ?? 0
        return batch.range(sequence).map { token in
            let word = Int(batch.ids[token])
            let isPadding = word == padding
            defer { next += isPadding ? 0 : 1 }
            return TableRows(
                token: token, word: word, position: isPadding ? word : next,
                segment: Int(batch.segments[token]))
        }
    }
}
