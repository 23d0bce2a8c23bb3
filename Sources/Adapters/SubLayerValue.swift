import Diagnostics
import Encoders
import Kernels

/// A value of a sub-layer that an adapter can read: the sub-layer's output y, its input x, or what follows from both.
package enum SubLayerValue: String, NamedChoice {
    /// y, before adapters that are added to it.
    case output
    /// LN(y + x), with the backbone's own γ and β of the LayerNorm behind the sub-layer.
    case normalized
    /// x.
    case input

    /// One of three matrices.
    func of(output: Matrix, normalized: Matrix?, input: Matrix) -> Matrix {
        switch self {
        case .output: output
        case .normalized: normalized ?? output
        case .input: input
        }
    }

    /// The site of an output where this value can be had: only a sub-layer's own sites have its input as their source.
    func site(for output: Site) -> Site {
        switch (self, output) {
        case (.output, _): output
        case (_, .projection): .attention
        case (_, .output): .feedForward
        default: output
        }
    }
}
