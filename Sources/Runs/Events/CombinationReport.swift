package import Formats

/// The comparison of the tasks' gradients in one step.
package struct CombinationReport: Sendable, Equatable {
    /// The inner products of the gradients of the tasks' mean losses, over all shared parameters, in the
    /// order of the study; nil where a task took no part in the step.
    package let gramian: [[Double?]]
    /// By part of the parameters, the weight of each task's gradient, with that of its loss as a factor.
    ///
    /// With a rule that combines averages, the weight of each average.
    package let weights: NamedValues<NamedValues<Double>>
    /// The parts for which the rule found no weights.
    package let unsolved: [String]
    /// The comparison with the sum; nil until the update is known.
    package var effect: CombinationEffect?

    package init(gramian: [[Double?]], weights: NamedValues<NamedValues<Double>>, unsolved: [String]) {
        (self.gramian, self.weights, self.unsolved) = (gramian, weights, unsolved)
    }
}
