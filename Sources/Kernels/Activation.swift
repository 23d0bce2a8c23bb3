import CKernels

/// The nonlinearity φ of a feed-forward layer, a bottleneck, or a head's dense layer.
///
/// z and u are [T, f]. Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016; Ramachandran, Zoph, Le,
/// "Searching for Activation Functions", 2017, arXiv 1710.05941.
package enum Activation: String, CaseIterable, Sendable {
    /// max(z, 0); the derivative at 0 is 0.
    case relu
    /// z Φ(z), Φ(z) = ½ (1 + erf(z / √2)).
    case gelu
    /// ½ z (1 + tanh(√(2/π) (z + 0.044715 z³))).
    case geluTanh = "gelu_new"
    /// z σ(z), also known as SiLU, σ(z) = 1 / (1 + e^{−z}).
    case swish
    /// tanh z.
    case tanh

    /// u = φ(z).
    ///
    /// With `saveDerivative`, overwrites z with φ'(z), which is all that ``backward(_:derivative:)`` reads.
    package func forward(_ z: Matrix, into u: Matrix, saveDerivative: Bool) {
        let save: Int32 = saveDerivative ? 1 : 0
        switch self {
        case .relu: timed(.relu) { z.forEachRun(with: u) { VectorKernels.table.relu($0, $1, $2, save) } }
        case .gelu: timed(.gelu) { z.forEachRun(with: u) { VectorKernels.table.gelu($0, $1, $2, save) } }
        case .geluTanh:
            timed(.gelu) { z.forEachRun(with: u) { VectorKernels.table.gelu_tanh($0, $1, $2, save) } }
        case .swish: timed(.swish) { z.forEachRun(with: u) { VectorKernels.table.swish($0, $1, $2, save) } }
        case .tanh:
            u.copy(from: z)
            Kernels.tanh(u)
            if saveDerivative {
                z.fill(1)
                tanhBackward(z, y: u)
            }
        }
    }

    /// dz = du ⊙ φ'(z) in place.
    package func backward(_ du: Matrix, derivative: Matrix) {
        switch self {
        case .gelu, .geluTanh: timed(.geluBackward) { multiplyElements(of: du, by: derivative) }
        case .relu, .swish, .tanh: multiplyElements(of: du, by: derivative)
        }
    }
}
