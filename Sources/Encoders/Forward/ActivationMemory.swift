import Kernels

extension Encoder {
    /// An estimate of the peak bytes of activations and gradients for one micro-batch.
    ///
    /// Each layer from `lowest` up saves q, k, v, x̂ twice, the adapter's copy, the activation's derivative,
    /// and P of each head. The shared scratch and the gradients of one layer come on top.
    package func activationBytes(sequences: [Int], lowest: Int) -> Int {
        let shape = weights.configuration
        let (d, f) = (shape.hidden, shape.intermediate)
        let tokens = sequences.reduce(0, +)
        let probabilities = sequences.reduce(0) { $0 + shape.heads * $1 * paddedColumns($1) }
        let layers = max(0, shape.layers - max(0, lowest))
        let floats = layers * (tokens * (7 * d + f) + probabilities) + tokens * (12 * d + 2 * f)
        return floats * MemoryLayout<Float>.stride
    }
}
