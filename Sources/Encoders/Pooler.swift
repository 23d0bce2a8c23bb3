package import Kernels

// The pretrained pooler, h [B, d] of the first tokens → p = tanh(h W + b) [B, d].

extension Encoder {
    private var pooler: Place { Place(weights.configuration.layers, .pooler) }

    /// Puts the pooled vectors into p; a backbone without a pooler is a mistake of the caller's.
    package func pool(_ first: Matrix, _ adaptation: (any EncoderAdaptation)?, into p: Matrix) {
        let (weight, bias) = poolerTensors(adaptation)
        linear(first, weight, bias, into: p)
        tanh(p)
    }

    /// Turns dp into the gradient before tanh, adds the pooler's own gradients, and puts dh into `dh` if there is one.
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
