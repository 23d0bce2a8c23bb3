import Kernels

// The linear maps outside of the layers, x [n, in] → y [n, out]: the embeddings' projection and the pooler.
// Their products are of floats in every arithmetic; no adapter changes their inputs or outputs.

extension Encoder {
    /// y = x Wᵀ + b of the map at a site, which the backbone must have.
    func outerLinear(
        _ x: Matrix, at site: LayerSite, _ adaptation: (any EncoderAdaptation)?, into y: Matrix
    ) {
        let (weight, bias) = outerTensors(at: site, adaptation)
        linear(x, weight, bias, into: y)
    }

    /// Adds the gradients of W and b where there is memory for them and, unless `dx` is nil, writes dx.
    func outerLinearBackward(
        _ dy: Matrix, x: Matrix, at site: LayerSite, _ adaptation: (any EncoderAdaptation)?, into dx: Matrix?
    ) {
        let trained = adaptation?.linear(at: site)
        if let gradient = trained?.weightGradient {
            linearWeightGradient(dy, x, weight: gradient, bias: trained?.biasGradient)
        } else if let gradient = trained?.biasGradient {
            addColumnSums(of: dy, to: gradient)
        }
        if let dx { linearBackward(dy, outerTensors(at: site, adaptation).weight, into: dx) }
    }

    private func outerTensors(
        at site: LayerSite, _ adaptation: (any EncoderAdaptation)?
    ) -> (weight: FrozenMatrix, bias: UnsafePointer<Float>) {
        guard let frozen = weights.linear(at: site), let floats = frozen.weight.floats else {
            preconditionFailure("the backbone has no map of floats at \(site.site)")
        }
        let trained = adaptation?.linear(at: site)
        return (trained?.weight ?? floats, trained?.bias ?? frozen.bias)
    }
}
