import Encoders
import Kernels

// h = LN(y + x) [T, d] of a sub-layer's output y and its input x, with the backbone's frozen γ and β. The
// gradients of y and x are both LN'(dh).

/// The output of the frozen LayerNorm after a sub-layer, for adapters that read it before it is computed.
final class NormalizedOutput {
    private let norm: NormWeights
    private let epsilon: Float
    private var saved: (normalized: Matrix, reciprocalDeviation: UnsafeMutablePointer<Float>)?

    /// The LayerNorm after the attention for a place at that site, else after the feed-forward layer.
    init(at place: LayerSite, of weights: EncoderWeights) {
        let layer = weights.layers[place.layer]
        norm = place.site == .attention ? layer.attentionNorm : layer.outputNorm
        epsilon = weights.configuration.layerNormEpsilon
    }

    /// h; y may change afterwards.
    func forward(_ y: Matrix, _ x: Matrix, save: Bool, _ workspace: Workspace) -> Matrix {
        let sum = workspace.copy(of: y)
        add(x, to: sum)
        let h = save ? workspace.matrix(y.rows, y.columns) : sum
        let deviation = save ? workspace.floats(y.rows) : nil
        // With `save`, x̂ overwrites the sum.
        layerNorm(
            sum, scale: norm.scale, shift: norm.shift, epsilon: epsilon, into: h,
            normalized: save ? sum : nil, reciprocalDeviation: deviation)
        saved = deviation.map { (sum, $0) }
        return h
    }

    /// Replaces dh by the gradient of y, which is that of x too.
    func backward(_ dh: Matrix) {
        guard let saved else { preconditionFailure("no saved forward") }
        layerNormBackward(
            dh, scale: norm.scale, normalized: saved.normalized,
            reciprocalDeviation: saved.reciprocalDeviation)
    }
}
