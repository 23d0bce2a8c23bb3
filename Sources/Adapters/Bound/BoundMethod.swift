import Diagnostics
package import Encoders

/// A method bound to a backbone: its layers are resolved, and nothing in it can fail.
package protocol BoundMethod: Sendable {
    /// The trained tensors in a fixed order, with their values at start, which are functions of the seed.
    func slices(seed: UInt64) -> [ParameterSlice]

    /// The hooks that apply the method in the encoder for one micro-batch.
    ///
    /// They add gradients to those of the parameters, and save nothing for backward when there are none.
    /// Which sites they adapt depends neither on the parameters' values nor on the context.
    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation

    /// Floating-point operations that the method adds to the forward, per token of a sequence of `tokens`.
    ///
    /// A multiplication with its addition counts as two. A trained tensor that replaces a frozen one adds
    /// none; like the backbone's, norms and softmaxes are not counted.
    func addedOperations(tokens: Int) -> Double
}

extension BoundMethod {
    /// The hooks outside of training and of any task.
    package func hooks(_ parameters: BoundParameters) -> any EncoderAdaptation { hooks(parameters, .none) }
}
