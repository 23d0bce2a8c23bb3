import Kernels

// x_t = LN(word[id_t] + position[t − start of its sequence] + segment[segment_t]); x [T, d].

extension Encoder {
    /// The embeddings of a batch, before dropout.
    ///
    /// Nothing below a layer is trained, so there is no backward.
    func embed(_ batch: PackedBatch, into x: Matrix) {
        let d = weights.configuration.hidden
        for sequence in 0..<batch.count {
            let range = batch.range(sequence)
            for token in range {
                let row = x.row(token)
                let word = weights.words.row(Int(batch.ids[token]))
                let position = weights.positions.row(token - range.lowerBound)
                let segment = weights.segments.row(Int(batch.segments[token]))
                for c in 0..<d { row[c] = word[c] + segment[c] + position[c] }
            }
        }
        layerNorm(
            x, scale: weights.embeddingNorm.scale, shift: weights.embeddingNorm.shift,
            epsilon: weights.configuration.layerNormEpsilon, into: x, normalized: nil,
            reciprocalDeviation: nil)
    }
}
