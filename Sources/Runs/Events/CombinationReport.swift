package import Formats

/// The comparison of the tasks' gradients in one step.
package struct CombinationReport: Sendable, Equatable {
    /// By part of the parameters, the weight of each task's gradient, with that of its loss as a factor.
    ///
    /// With a rule that combines averages, the weight of each average.
    package let weights: NamedValues<NamedValues<Double>>
    /// The parts for which the rule found no weights.
    package let unsolved: [String]
    /// The comparison with the sum; nil until the update is known.
    package var effect: CombinationEffect?

    package init(weights: NamedValues<NamedValues<Double>>, unsolved: [String]) {
        (self.weights, self.unsolved) = (weights, unsolved)
    }
}
