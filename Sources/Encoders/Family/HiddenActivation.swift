import Kernels

/// The nonlinearity of the feed-forward layers, as a backbone's config.json names it.
package enum HiddenActivation: String, Sendable, CaseIterable {
    /// z Φ(z), with the distribution function Φ of the standard normal distribution.
    case gelu
    /// GELU's tanh form.
    case geluTanh = "gelu_new"
    /// max(z, 0).
    case relu
    /// z σ(z).
    case silu

    /// Names in config.json, and what `transformers` computes for them.
    private static let names: KeyValuePairs<String, HiddenActivation> = [
        "gelu": .gelu, "gelu_python": .gelu, "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh,
        "gelu_fast": .geluTanh, "relu": .relu, "silu": .silu, "swish": .silu,
    ]

    /// The names that are known.
    static var knownNames: [String] { names.map { $0.key } }

    /// The activation of a name in config.json; nil for an unknown one.
    init?(configurationName name: String) {
        guard let found = Self.names.first(where: { $0.key == name }) else { return nil }
        self = found.value
    }

    /// u = act(z), z and u [T, f]; `saveDerivative` overwrites z with act'(z), which is all that backward
    /// reads.
    func forward(_ z: Matrix, into u: Matrix, saveDerivative: Bool) {
        switch self {
        case .gelu: Kernels.gelu(z, into: u, saveDerivative: saveDerivative)
        case .geluTanh: Kernels.geluTanh(z, into: u, saveDerivative: saveDerivative)
        case .relu: Kernels.relu(z, into: u, saveDerivative: saveDerivative)
        case .silu: Kernels.swish(z, into: u, saveDerivative: saveDerivative)
        }
    }

    /// dz = du ⊙ act'(z) in place.
    func backward(_ du: Matrix, derivative: Matrix) {
        switch self {
        case .gelu, .geluTanh: geluBackward(du, derivative: derivative)
        case .relu, .silu: activationBackward(du, derivative: derivative)
        }
    }
}
