package import Formats

/// A step's measurements of how tasks agree on all parameters that they share.
package struct AgreementCurves: Sendable, Equatable {
    /// By pair of tasks, such as `cola-mrpc`, the cosine of their gradients in the step.
    package let cosines: NamedValues<Double>
    /// By task, the noise scale over the stage so far, in examples.
    package let noiseScales: NamedValues<Double>

    package init(cosines: NamedValues<Double>, noiseScales: NamedValues<Double>) {
        (self.cosines, self.noiseScales) = (cosines, noiseScales)
    }
}
