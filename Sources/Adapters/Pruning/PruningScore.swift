import Diagnostics

/// The score of a matrix's entry; entries with the smallest scores are removed.
package enum PruningScore: String, NamedChoice {
    /// N(0, 1), a function of the seed.
    case random
    /// |θ|.
    case magnitude
    /// |θ · Σ ∂L/∂θ| over the scoring examples (Lee et al., "SNIP", ICLR 2019).
    case snip
    /// θ · (H g), with the gradient g and the Hessian H of the scoring examples (Wang et al., "GraSP", ICLR
    /// 2020).
    case grasp
    /// Random within each matrix; small matrices keep a larger share (Mocanu et al., 2018).
    case erdosRenyi = "erdos-renyi"

    /// The number of times that the gradient of the scoring examples is computed.
    package var gradientsPerExample: Int {
        switch self {
        case .snip: 1
        case .grasp: 3
        case .random, .magnitude, .erdosRenyi: 0
        }
    }

    /// Whether scores depend on training examples.
    package var readsExamples: Bool { gradientsPerExample > 0 }
}
