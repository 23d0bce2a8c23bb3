import Diagnostics

/// Where the matrices of a bottleneck start; its biases start at 0.
package enum BottleneckStart: String, NamedChoice {
    /// Both from a normal distribution of deviation 0.001 cut off at two deviations, as Houlsby et al. published.
    case nearIdentity = "near-identity"
    /// Both N(0, 0.02²), as Pfeiffer et al. and SparseAdapter published.
    case normal
    /// Down N(0, 0.02²), up 0.
    case zeroUp = "zero-up"
    /// Down uniform in ±1 / √d (PyTorch's Kaiming-uniform with a = √5), up 0, as LoRA and He et al. published.
    case kaiming

    /// Whether the bottleneck adds exactly nothing before the first update.
    var isIdentity: Bool { self == .zeroUp || self == .kaiming }

    func down(_ name: RandomName, inputs: Int) -> ParameterStart {
        switch self {
        case .nearIdentity: .truncatedNormal(deviation: 1e-3, name)
        case .normal, .zeroUp: .normal(deviation: 0.02, name)
        case .kaiming: .uniform(bound: 1 / Float(inputs).squareRoot(), name)
        }
    }

    func up(_ name: RandomName) -> ParameterStart {
        switch self {
        case .nearIdentity: .truncatedNormal(deviation: 1e-3, name)
        case .normal: .normal(deviation: 0.02, name)
        case .zeroUp, .kaiming: .constant(0)
        }
    }
}
