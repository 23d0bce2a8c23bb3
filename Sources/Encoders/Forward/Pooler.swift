package import Kernels

// The pretrained pooler, h [B, d] of the first tokens → p = tanh(h W + b) [B, d].

extension Encoder {
    private var pooler: LayerSite { LayerSite(weights.configuration.layers, .pooler) }

    /// Computes the pooled vectors p.
    ///
    /// The backbone must have a pooler.
    package func pool(_ first: Matrix, _ adaptation: (any EncoderAdaptation)?, into p: Matrix) {
        outerLinear(first, at: pooler, adaptation, into: p)
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
        outerLinearBackward(dp, x: first, at: pooler, adaptation, into: dh)
    }
}
