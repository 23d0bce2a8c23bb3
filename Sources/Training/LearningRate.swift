import Diagnostics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How a learning rate changes over a stage of N steps, after a linear warm-up of W = ⌈w N⌉ steps.
///
/// The multiplier of step s (from 0) is s / W while s < W, and then falls from 1 by its shape. A stage of one step has no
/// warm-up.
package enum LearningRateShape: String, NamedChoice {
    /// (N − s) / (N − W).
    case linear
    /// ½ (1 + cos(π (s − W) / (N − W))).
    case cosine
    /// 1.
    case constant
}

/// A shape with its warm-up.
package struct LearningRateSchedule: Sendable, Equatable {
    /// What follows the warm-up.
    package let shape: LearningRateShape
    /// w, the share of the steps that warm up.
    package let warmup: Double
    /// N.
    package let steps: Int

    /// A schedule over a stage.
    package init(_ shape: LearningRateShape, warmup: Double, steps: Int) {
        self.shape = shape
        self.warmup = warmup
        self.steps = steps
    }

    /// What the base rate is multiplied by at a step of the stage.
    package func multiplier(_ step: Int) -> Double {
        // At the first step of a warm-up the rate is 0: a stage of one step would do nothing.
        let warm = steps > 1 ? Int((warmup * Double(steps)).rounded(.up)) : 0
        if step < warm { return Double(step) / Double(warm) }
        let progress = Double(step - warm) / Double(max(1, steps - warm))
        switch shape {
        case .linear: return max(0, 1 - progress)
        case .cosine: return 0.5 * (1 + cos(.pi * min(1, progress)))
        case .constant: return 1
        }
    }
}
