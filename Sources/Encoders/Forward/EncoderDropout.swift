import Kernels

/// Dropout in the frozen part.
///
/// Masks depend on (seed, step, layer, place, example) alone.
///
/// Off by default, so that activations can be cached.
package struct EncoderDropout: Sendable {
    /// The probability on embeddings, attention outputs and feed-forward outputs.
    package let hidden: Float
    /// The probability on attention probabilities.
    package let attention: Float
    package let seed: UInt64
    package let step: UInt64

    package static let none = EncoderDropout(hidden: 0, attention: 0, seed: 0, step: 0)

    package init(hidden: Float, attention: Float, seed: UInt64, step: UInt64) {
        self.hidden = hidden
        self.attention = attention
        self.seed = seed
        self.step = step
    }

    /// The random numbers of one place in a layer for one example.
    func stream(_ purpose: RandomPurpose, _ layer: Int, _ place: Int, _ example: UInt64) -> CounterRandom {
        CounterRandom(seed: seed, purpose, step, UInt64(layer + 1), UInt64(place), example)
    }

    /// Drops elements of x [T, d], sequence by sequence, and returns the mask; nil if dropout is off.
    func applyHidden(
        to x: Matrix, layer: Int, place: Int, _ batch: PackedBatch, _ workspace: Workspace
    ) -> Matrix? {
        if hidden == 0 { return nil }
        let mask = workspace.matrix(x.rows, x.columns)
        for sequence in 0..<batch.count {
            let tokens = batch.range(sequence)
            dropout(
                x.rows(tokens), probability: hidden,
                random: stream(.hiddenDropout, layer, place, batch.keys[sequence]), mask: mask.rows(tokens))
        }
        return mask
    }
}
