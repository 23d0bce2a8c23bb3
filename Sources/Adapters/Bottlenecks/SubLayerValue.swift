import Diagnostics
import Encoders
import Kernels

/// A value of a sub-layer that an adapter can read: the sub-layer's output y, its input x, or their
/// normalized sum.
package enum SubLayerValue: String, NamedChoice {
    /// y, before adapters are added to it.
    case output
    /// LN(y + x), with the backbone's γ and β of the LayerNorm after the sub-layer.
    case normalized
    /// x.
    case input

    /// This one of the three matrices.
    func of(output: Matrix, normalized: Matrix?, input: Matrix) -> Matrix {
        switch self {
        case .output: output
        case .normalized: normalized ?? output
        case .input: input
        }
    }

    /// The site at which a hook on an output can read this value: only at a sub-layer's own site is x the
    /// source.
    func site(for output: Site) -> Site {
        switch (self, output) {
        case (.output, _): output
        case (_, .projection): .attention
        case (_, .output): .feedForward
        default: output
        }
    }
}
