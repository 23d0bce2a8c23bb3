package import Formats

/// Measurements of how tasks agree in a step, and in the steps of its stage so far.
package struct AgreementCurves: Sendable, Equatable {
    /// By kind of parameter and layer, such as `weight` and `layer.0`, the inner products of the gradients of
    /// the tasks' mean losses: the matrix up to its diagonal, with nil where a task took no part.
    package let gramians: NamedValues<[[Double?]]>
    /// By pair of tasks, such as `cola+mrpc`, the cosine of their gradients in the step, on all parameters
    /// that they share.
    package let cosines: NamedValues<Double>
    /// By part of the parameters, such as `all` and `layer.0`, the mean over pairs of that cosine.
    package let parts: NamedValues<Double>
    /// By pair, the cosine without noise over the stage so far.
    package let correctedCosines: NamedValues<Double>
    /// By task and other task, such as `cola+mrpc`, the share of the second's loss that a step on the first
    /// takes off, over the stage so far.
    package let affinities: NamedValues<Double>
    /// By task, the noise scale over the stage so far, in examples.
    package let noiseScales: NamedValues<Double>

    package init(
        gramians: NamedValues<[[Double?]]>, cosines: NamedValues<Double>, parts: NamedValues<Double>,
        correctedCosines: NamedValues<Double>, affinities: NamedValues<Double>,
        noiseScales: NamedValues<Double>
    ) {
        (self.gramians, self.cosines, self.parts) = (gramians, cosines, parts)
        self.correctedCosines = correctedCosines
        (self.affinities, self.noiseScales) = (affinities, noiseScales)
    }

    /// The curves of TensorBoard.
    package var points: [(String, Double)] {
        [
            ("cosine", cosines), ("part", parts), ("corrected_cosine", correctedCosines),
            ("affinity", affinities), ("noise_scale", noiseScales),
        ].flatMap { kind, values in values.entries.map { ("agreement/\(kind)/\($0.name)", $0.value) } }
    }
}
