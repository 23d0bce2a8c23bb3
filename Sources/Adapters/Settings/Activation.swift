import Diagnostics
package import Kernels

/// The nonlinearity of a bottleneck, or of a head's dense layer.
package enum Activation: String, NamedChoice {
    /// max(z, 0).
    case relu
    /// z Φ(z), with the distribution function Φ of the standard normal distribution.
    case gelu
    /// z σ(z), also known as SiLU.
    case swish
    /// tanh z.
    case tanh

    /// u = act(z), z and u [T, m]; `save` overwrites z for ``backward(_:saved:value:)``.
    package func forward(_ z: Matrix, into u: Matrix, save: Bool) {
        switch self {
        case .relu: Kernels.relu(z, into: u, saveDerivative: save)
        case .gelu: Kernels.gelu(z, into: u, saveDerivative: save)
        case .swish: Kernels.swish(z, into: u, saveDerivative: save)
        case .tanh:
            u.copy(from: z)
            Kernels.tanh(u)
        }
    }

    /// Turns du into dz in place, given z as the forward left it and its u.
    package func backward(_ du: Matrix, saved: Matrix, value: Matrix) {
        switch self {
        case .relu, .swish: activationBackward(du, derivative: saved)
        case .gelu: geluBackward(du, derivative: saved)
        case .tanh: tanhBackward(du, y: value)
        }
    }
}
