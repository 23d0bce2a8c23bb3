import Diagnostics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A shape with its warm-up.
package struct LearningRateSchedule: Sendable, Equatable {
    /// The shape after the warm-up.
    package let shape: Shape
    /// w, the share of the steps that warm up.
    package let warmup: Double
    /// N.
    package let steps: Int

    package init(_ shape: Shape, warmup: Double, steps: Int) {
        self.shape = shape
        self.warmup = warmup
        self.steps = steps
    }

    /// The factor on the base rate at a step of the stage.
    package func multiplier(_ step: Int) -> Double {
        // The first step of a warm-up has rate 0, so with one a stage of one step would change nothing.
        let warm = steps > 1 ? Int((warmup * Double(steps)).rounded(.up)) : 0
        if step < warm { return Double(step) / Double(warm) }
        let progress = Double(step - warm) / Double(max(1, steps - warm))
        switch shape {
        case .linear: return max(0, 1 - progress)
        case .cosine: return 0.5 * (1 + cos(.pi * min(1, progress)))
        case .constant: return 1
        }
    }

    /// The course of a learning rate over a stage of N steps, after a linear warm-up of W = ⌈w N⌉ steps.
    ///
    /// The multiplier of step s (from 0) is s / W while s < W, and then the formula of the shape. A stage of
    /// one step has no warm-up.
    package enum Shape: String, NamedChoice {
        /// (N − s) / (N − W).
        case linear
        /// ½ (1 + cos(π (s − W) / (N − W))).
        case cosine
        /// 1.
        case constant
    }
}
