/// The moving average of a rule's weights over steps: λ ← α λ + (1 − α) w.
///
/// Its first value is the first w. Zhou et al., On the Convergence of Stochastic Multi-Objective Gradient
/// Manipulation and Beyond (CR-MOGM), 2022.
package struct Smoothing: Sendable, Equatable {
    /// α, the share of the earlier weights; 0 for none.
    package let share: Double

    package init(share: Double) { self.share = share }

    /// The average after the weights of a step, given each task's earlier one; nil before its first step.
    package func average(_ weights: [Double], after earlier: [Double?]) -> [Double] {
        zip(weights, earlier).map { new, old in old.map { share * $0 + (1 - share) * new } ?? new }
    }
}
