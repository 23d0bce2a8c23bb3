import Kernels

// x_t = dropout(LN(word[id_t] + position[t − start of its sequence] + segment[segment_t])); x [T, d].

/// What the embeddings' forward keeps for their backward.
struct EmbeddingActivations {
    let norm: NormActivations
    let mask: Matrix?
}

extension Encoder {
    private var norm: Place { Place(Place.belowLayers, .embeddingNorm) }

    /// Puts the embeddings of a batch into x; keeps what backward reads when told to.
    func embed(
        _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, into x: Matrix, keep: Bool,
        _ workspace: Workspace
    ) -> EmbeddingActivations? {
        let mark = workspace.mark
        let tables = adaptation?.embeddings
        let (words, positions, segments) = (
            tables?.words ?? weights.words, tables?.positions ?? weights.positions,
            tables?.segments ?? weights.segments
        )
        let sums = keep ? workspace.matrix(x.rows, x.columns) : x
        for sequence in 0..<batch.count {
            let range = batch.range(sequence)
            for token in range {
                // Callers have checked the bounds, see TokenBounds: this is for the caller that forgot.
                precondition(
                    words.has(row: Int(batch.ids[token])) && segments.has(row: Int(batch.segments[token]))
                        && positions.has(row: token - range.lowerBound),
                    "a token has no embedding in the backbone's tables")
                let row = sums.row(token)
                let word = words.row(Int(batch.ids[token]))
                let position = positions.row(token - range.lowerBound)
                let segment = segments.row(Int(batch.segments[token]))
                for c in 0..<x.columns { row[c] = word[c] + segment[c] + position[c] }
            }
        }
        let kept = normForward(
            sums, weights.embeddingNorm, at: norm, adaptation, into: x, keep: keep, workspace)
        let mask = dropout.applyHidden(to: x, layer: Place.belowLayers, place: 0, batch, workspace)
        guard let kept else {
            workspace.release(to: mark)
            return nil
        }
        return EmbeddingActivations(norm: kept, mask: mask)
    }

    /// Adds the gradients of the embeddings' LayerNorm and tables from dx, which it overwrites.
    func embedBackward(
        _ dx: Matrix, _ kept: EmbeddingActivations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation
    ) {
        if let mask = kept.mask { multiplyElements(of: dx, by: mask) }
        normParameterGradient(dx, kept.norm, at: norm, adaptation)
        guard let gradients = adaptation.embeddings?.gradients else { return }
        normBackward(dx, kept.norm, weights.embeddingNorm, at: norm, adaptation)
        for sequence in 0..<batch.count {
            let range = batch.range(sequence)
            for token in range {
                let row = dx.row(token)
                let word = gradients.words.row(Int(batch.ids[token]))
                let position = gradients.positions.row(token - range.lowerBound)
                let segment = gradients.segments.row(Int(batch.segments[token]))
                for c in 0..<dx.columns {
                    word[c] += row[c]
                    position[c] += row[c]
                    segment[c] += row[c]
                }
            }
        }
    }
}
