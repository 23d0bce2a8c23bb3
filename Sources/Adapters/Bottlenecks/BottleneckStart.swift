import Diagnostics

/// The start of a bottleneck's matrices; its biases start at 0.
package enum BottleneckStart: String, NamedChoice {
    /// Both normal with deviation 0.001, truncated at two deviations, as published by Houlsby et al.
    case nearIdentity = "near-identity"
    /// Both N(0, 0.02²), as published by Pfeiffer et al. and for SparseAdapter.
    case normal
    /// Down N(0, 0.02²), up 0.
    case zeroUp = "zero-up"
    /// Down uniform in ±1 / √d (PyTorch's Kaiming-uniform with a = √5), up 0, as published for LoRA and by He
    /// et al.
    case kaiming

    /// Whether the bottleneck adds exactly nothing before the first update.
    var isIdentity: Bool { self == .zeroUp || self == .kaiming }

    func down(inputs: Int, seed: UInt64) -> ParameterStart {
        switch self {
        case .nearIdentity: .truncatedNormal(deviation: 1e-3, seed: seed)
        case .normal, .zeroUp: .normal(deviation: 0.02, seed: seed)
        case .kaiming: .uniform(bound: 1 / Float(inputs).squareRoot(), seed: seed)
        }
    }

    func up(seed: UInt64) -> ParameterStart {
        switch self {
        case .nearIdentity: .truncatedNormal(deviation: 1e-3, seed: seed)
        case .normal: .normal(deviation: 0.02, seed: seed)
        case .zeroUp, .kaiming: .constant(0)
        }
    }
}
