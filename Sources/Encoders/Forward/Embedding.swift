import Kernels

// x_t = dropout(LN(word[id_t] + segment[segment_t] + position[offset + t − start of its sequence])); x [T,
// d]. Families without segment embeddings leave out that term. The offset is the family's.

/// The embeddings' activations for backward.
struct EmbeddingActivations {
    let norm: NormActivations
    let mask: Matrix?
}

extension Encoder {
    /// Computes the embeddings x of a batch, and returns the activations for backward if they are saved.
    func embed(
        _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, into x: Matrix, save: Bool,
        _ workspace: Workspace
    ) -> EmbeddingActivations? {
        let mark = workspace.mark
        let tables = adaptation?.embeddings?.tables ?? weights.embeddings
        let sums = save ? workspace.matrix(x.rows, x.columns) : x
        for sequence in 0..<batch.count {
            let range = batch.range(sequence)
            for token in range {
                let own = rows(token, of: batch, from: range.lowerBound)
                // Callers check bounds before, see TokenBounds.
                precondition(
                    tables.words.has(row: own.word) && tables.positions.has(row: own.position)
                        && tables.segments?.has(row: own.segment) ?? true,
                    "a token has no embedding in the backbone's tables")
                let row = sums.row(token)
                let word = tables.words.row(own.word)
                let position = tables.positions.row(own.position)
                if let segment = tables.segments?.row(own.segment) {
                    for c in 0..<x.columns { row[c] = word[c] + segment[c] + position[c] }
                } else {
                    for c in 0..<x.columns { row[c] = word[c] + position[c] }
                }
            }
        }
        let norm = normForward(
            sums, weights.embeddingNorm, at: .embeddingNorm, adaptation, into: x, save: save, workspace)
        let mask = dropout.applyHidden(
            to: x, layer: LayerSite.belowLayers, place: 0, batch, workspace)
        guard let norm else {
            workspace.release(to: mark)
            return nil
        }
        return EmbeddingActivations(norm: norm, mask: mask)
    }

    /// Adds the gradients of the embeddings' LayerNorm and tables from dx, which it overwrites.
    func embedBackward(
        _ dx: Matrix, _ saved: EmbeddingActivations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation
    ) {
        if let mask = saved.mask { multiplyElements(of: dx, by: mask) }
        normParameterGradient(dx, saved.norm, at: .embeddingNorm, adaptation)
        guard let gradients = adaptation.embeddings?.gradients else { return }
        normBackward(dx, saved.norm, weights.embeddingNorm, at: .embeddingNorm, adaptation)
        for sequence in 0..<batch.count {
            let range = batch.range(sequence)
            for token in range {
                let own = rows(token, of: batch, from: range.lowerBound)
                let row = dx.row(token)
                let word = gradients.words.row(own.word)
                let position = gradients.positions.row(own.position)
                for c in 0..<dx.columns {
                    word[c] += row[c]
                    position[c] += row[c]
                }
                if let segment = gradients.segments?.row(own.segment) {
                    for c in 0..<dx.columns { segment[c] += row[c] }
                }
            }
        }
    }

    /// A token's row in each embedding table.
    private struct TableRows {
        let word, position, segment: Int
    }

    private func rows(_ token: Int, of batch: PackedBatch, from start: Int) -> TableRows {
        TableRows(
            word: Int(batch.ids[token]),
            position: weights.configuration.family.positionOffset + token - start,
            segment: Int(batch.segments[token]))
    }
}
