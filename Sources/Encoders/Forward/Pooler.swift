package import Kernels

// The pretrained pooler, h [B, d] of the first tokens → p = tanh(h W + b) [B, d].

extension Encoder {
    private var pooler: LayerSite { LayerSite(weights.configuration.layers, .pooler) }

    /// Computes the pooled vectors p.
    ///
    /// The backbone must have a pooler.
    package func pool(_ first: Matrix, _ adaptation: (any EncoderAdaptation)?, into p: Matrix) {
        let (weight, bias) = poolerTensors(adaptation)
        linear(first, weight, bias, into: p)
        tanh(p)
    }

    /// Adds the pooler's gradients and, unless `dh` is nil, writes dh.
    ///
    /// Overwrites dp.
    ///
    /// `first` and `p` are the forward's.
    package func poolBackward(
        _ dp: Matrix, first: Matrix, p: Matrix, _ adaptation: (any EncoderAdaptation)?, into dh: Matrix?
    ) {
        tanhBackward(dp, y: p)
        let trained = adaptation?.linear(at: pooler)
        if let gradient = trained?.weightGradient {
            linearWeightGradient(dp, first, weight: gradient, bias: trained?.biasGradient)
        } else if let gradient = trained?.biasGradient {
            addColumnSums(of: dp, to: gradient)
        }
        if let dh { linearBackward(dp, poolerTensors(adaptation).weight, into: dh) }
    }

    private func poolerTensors(_ adaptation: (any EncoderAdaptation)?) -> (
        weight: Matrix, bias: UnsafePointer<Float>
    ) {
        guard let frozen = weights.pooler else { preconditionFailure("the backbone has no pooler") }
        let trained = adaptation?.linear(at: pooler)
        return (trained?.weight ?? frozen.weight, trained?.bias ?? frozen.bias)
    }
}
