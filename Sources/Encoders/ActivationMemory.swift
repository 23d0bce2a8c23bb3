import Kernels

extension Encoder {
    /// About how many bytes of activations one unit takes in forward and backward, the most of both at once.
    ///
    /// Each layer from `lowest` on keeps q, k, v, x̂ twice, the adapter's own copy and GELU's derivative, and P of each head.
    /// Beside them lie what all layers share and the gradients of one layer.
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
