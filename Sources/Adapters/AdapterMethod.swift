package import Diagnostics
package import Encoders

/// A way to adapt a frozen encoder: its settings, and which tensors it trains on a backbone.
///
/// A method is a file in `Methods/` and an entry in ``AdapterTable``; its keys are those of the `adapter`
/// section of a study. This protocol has the requirements of every method; refinements have the rest:
/// ``LinearMapMethod``, ``WidenableMethod``, ``PrunedMethod``, ``PenalizedMethod``, ``MethodOnAdapters``.
/// Callers find them with ``members(_:)``, also among the parts of a stack.
package protocol AdapterMethod: PublishedMethod, Codable {
    /// Whether the parameters can be folded into the backbone's tensors.
    var mergeability: Mergeability { get }

    /// Prepares the method for a backbone: resolves its layers, checks its settings against the backbone's
    /// shape, and reads the files that it depends on. Every failure that depends on the backbone is thrown
    /// here.
    func bind(to weights: EncoderWeights) throws -> any BoundMethod

    /// Whether the encoder's outputs before the first update are the frozen backbone's; true by default.
    var isIdentityAtStart: Bool { get }
}

extension AdapterMethod {
    package var isIdentityAtStart: Bool { true }
    package static var table: MethodTable { AdapterTable.methods }

    /// Reads a study's `adapter` section.
    package init(from decoder: any Decoder) throws { try self.init(from: decoder, besides: ["method"]) }

    /// The tensors that are trained on a backbone.
    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        try bind(to: weights).slices(seed: seed)
    }

    /// Operations that the method adds to the forward on a backbone; see
    /// ``BoundMethod/addedOperations(tokens:)``.
    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        try bind(to: weights).addedOperations(tokens: tokens)
    }

    /// The method and all methods that it is composed of, where they conform to a refinement.
    package func members<Refinement>(_: Refinement.Type) -> [Refinement] {
        let parts = (self as? any CompositeMethod)?.parts ?? []
        return [self as? Refinement].compactMap { $0 } + parts.flatMap { $0.members(Refinement.self) }
    }

    /// A copy of the backbone with the parameters folded in; its outputs are the adapted encoder's.
    ///
    /// The method's ``mergeability`` must be exact.
    package func merged(_ parameters: BoundParameters, into weights: EncoderWeights) -> MergedWeights {
        let merged = MergedWeights(copying: weights)
        TrainedBackboneTensors.merge(parameters, into: merged)
        for method in members((any LinearMapMethod).self) { method.merge(parameters, into: merged) }
        return merged
    }
}
