import Diagnostics
package import Encoders
package import Kernels

/// The task and the training step that hooks are made for.
///
/// With it a method can depend on the task, follow a schedule, or drop elements at random.
package struct HookContext: Sendable {
    /// The task whose examples are computed; nil if hooks are only asked which sites they adapt.
    package let task: String?
    /// The seed and the step; nil in evaluation, which has no randomness.
    package let training: Training?

    /// A step of training.
    package struct Training: Sendable, Equatable {
        /// The study's seed.
        package let seed: UInt64
        /// The optimizer step.
        package let step: UInt64

        package init(seed: UInt64, step: UInt64) {
            self.seed = seed
            self.step = step
        }
    }

    /// Evaluation of no particular task.
    package static let none = HookContext()

    package init(task: String? = nil, training: Training? = nil) {
        self.task = task
        self.training = training
    }

    /// The random numbers of a method at a site for one example (a key of `PackedBatch`); nil in
    /// evaluation.
    ///
    /// They are a function of seed, step, method, site and example alone, so they do not depend on the
    /// micro-batch or the rank that computes the example.
    package func random(_ method: String, at place: LayerSite, example: UInt64) -> CounterRandom? {
        training.map {
            CounterRandom(
                seed: $0.seed, .adapter, $0.step, FNV1a.hash("\(method).\(place.site)"),
                UInt64(place.layer + 1), example)
        }
    }
}
