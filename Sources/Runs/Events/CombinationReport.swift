package import Formats

/// The comparison of the tasks' gradients in one step.
package struct CombinationReport: Sendable, Equatable {
    /// A part of the parameters on which the rule found weights.
    package struct Part: Sendable, Equatable {
        /// The weight of each task's gradient, with that of its loss as a factor.
        ///
        /// With a rule that combines averages, the weight of each average.
        package let weights: NamedValues<Double>
        /// The inner products that the rule saw, in the order of the weights' tasks: of the gradients of the
        /// tasks' mean losses times the weights of the losses, or of their averages.
        package let gramian: [[Double]]

        package init(weights: NamedValues<Double>, gramian: [[Double]]) {
            (self.weights, self.gramian) = (weights, gramian)
        }
    }

    package let parts: NamedValues<Part>
    /// The weight of each task's loss.
    package let lossWeights: NamedValues<Double>
    /// The parts for which the rule found no weights.
    package let unsolved: [String]
    /// The comparison with the sum; nil until the update is known.
    package var effect: CombinationEffect?

    /// Whether the tasks of the step share a parameter.
    package var isOfSharedParameters: Bool { !parts.names.isEmpty || !unsolved.isEmpty }

    package init(parts: NamedValues<Part>, lossWeights: NamedValues<Double>, unsolved: [String]) {
        (self.parts, self.lossWeights, self.unsolved) = (parts, lossWeights, unsolved)
    }
}
