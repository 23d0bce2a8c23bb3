import Diagnostics
import Kernels

/// The nonlinearity of a bottleneck.
package enum Activation: String, NamedChoice {
    /// max(z, 0).
    case relu
    /// z Φ(z), Φ the normal distribution's.
    case gelu
    /// z σ(z), also known as SiLU.
    case swish
    /// tanh z.
    case tanh

    /// u = act(z), z and u [T, m]; when keeping, z becomes what ``backward(_:kept:value:)`` reads.
    func forward(_ z: Matrix, into u: Matrix, keep: Bool) {
        switch self {
        case .relu: Kernels.relu(z, into: u, saveDerivative: keep)
        case .gelu: Kernels.gelu(z, into: u, saveDerivative: keep)
        case .swish: Kernels.swish(z, into: u, saveDerivative: keep)
        case .tanh:
            u.copy(from: z)
            Kernels.tanh(u)
        }
    }

    /// du becomes dz in place; `kept` is what the forward left in z's place, `value` its u.
    func backward(_ du: Matrix, kept: Matrix, value: Matrix) {
        switch self {
        case .relu, .swish: activationBackward(du, derivative: kept)
        case .gelu: geluBackward(du, derivative: kept)
        case .tanh: tanhBackward(du, y: value)
        }
    }
}
