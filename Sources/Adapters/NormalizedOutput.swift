import Encoders
import Kernels

// h = LN(y + x) [T, d] of a sub-layer's output y and its input x: what follows the sub-layer, with the backbone's own frozen
// γ and β. dh goes through LN to y and to x alike.

/// What the frozen LayerNorm behind a sub-layer makes of its output, for what reads it ahead of time.
final class NormalizedOutput {
    private let norm: NormWeights
    private let epsilon: Float
    private var kept: (normalized: Matrix, reciprocalDeviation: UnsafeMutablePointer<Float>)?

    /// The LayerNorm behind the attention (a place at its site) or behind the feed-forward layer.
    init(at place: Place, of weights: EncoderWeights) {
        let layer = weights.layers[place.layer]
        norm = place.site == .attention ? layer.attentionNorm : layer.outputNorm
        epsilon = weights.configuration.layerNormEpsilon
    }

    /// h; y may change afterwards.
    func forward(_ y: Matrix, _ x: Matrix, keep: Bool, _ workspace: Workspace) -> Matrix {
        let sum = workspace.matrix(y.rows, y.columns)
        sum.copy(from: y)
        add(x, to: sum)
        let h = keep ? workspace.matrix(y.rows, y.columns) : sum
        let deviation = keep ? workspace.floats(y.rows) : nil
        // When keeping, x̂ takes the sum's place.
        layerNorm(
            sum, scale: norm.scale, shift: norm.shift, epsilon: epsilon, into: h,
            normalized: keep ? sum : nil, reciprocalDeviation: deviation)
        kept = deviation.map { (sum, $0) }
        return h
    }

    /// Replaces dh by the gradient of y, which is that of x too.
    func backward(_ dh: Matrix) {
        guard let kept else { return }
        layerNormBackward(
            dh, scale: norm.scale, normalized: kept.normalized, reciprocalDeviation: kept.reciprocalDeviation)
    }
}
