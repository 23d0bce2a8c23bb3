package import Kernels

/// γ and β [d] that stand in for a frozen LayerNorm's, and where their gradients are added.
package struct TrainedNorm {
    /// γ.
    package let scale: UnsafePointer<Float>
    /// β.
    package let shift: UnsafePointer<Float>
    /// dγ, added to; nil where no gradient is wanted.
    package let scaleGradient: UnsafeMutablePointer<Float>?
    /// dβ, added to; nil where no gradient is wanted.
    package let shiftGradient: UnsafeMutablePointer<Float>?

    /// Names the vectors.
    package init(
        scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
        scaleGradient: UnsafeMutablePointer<Float>? = nil, shiftGradient: UnsafeMutablePointer<Float>? = nil
    ) {
        self.scale = scale
        self.shift = shift
        self.scaleGradient = scaleGradient
        self.shiftGradient = shiftGradient
    }
}

/// W [out, in] and b [out] that stand in for a frozen linear map's, and where their gradients are added.
package struct TrainedLinear {
    /// W; nil for the frozen one.
    package let weight: Matrix?
    /// b; nil for the frozen one.
    package let bias: UnsafePointer<Float>?
    /// dW, added to; nil where no gradient is wanted.
    package let weightGradient: Matrix?
    /// db, added to; nil where no gradient is wanted.
    package let biasGradient: UnsafeMutablePointer<Float>?

    /// Names the tensors.
    package init(
        weight: Matrix? = nil, bias: UnsafePointer<Float>? = nil, weightGradient: Matrix? = nil,
        biasGradient: UnsafeMutablePointer<Float>? = nil
    ) {
        self.weight = weight
        self.bias = bias
        self.weightGradient = weightGradient
        self.biasGradient = biasGradient
    }
}

/// Keys and values [P, d] that every token of a layer sees before its own sequence's, and their gradients.
package struct TrainedPrefix {
    /// P keys, all heads side by side.
    package let keys: Matrix
    /// P values.
    package let values: Matrix
    /// dkeys, added to; nil where no gradient is wanted.
    package let keyGradient: Matrix?
    /// dvalues, added to; nil where no gradient is wanted.
    package let valueGradient: Matrix?

    /// Names the matrices.
    package init(keys: Matrix, values: Matrix, keyGradient: Matrix? = nil, valueGradient: Matrix? = nil) {
        self.keys = keys
        self.values = values
        self.keyGradient = keyGradient
        self.valueGradient = valueGradient
    }
}

/// Embedding tables that stand in for the frozen ones, and where their gradients are added.
package struct TrainedEmbeddings {
    /// Words [vocabulary, d], positions [positions, d], segments [segments, d].
    package let words, positions, segments: Matrix
    /// The gradients in the same shapes, added to; nil where none are wanted.
    package let gradients: (words: Matrix, positions: Matrix, segments: Matrix)?

    /// Names the tables.
    package init(
        words: Matrix, positions: Matrix, segments: Matrix,
        gradients: (words: Matrix, positions: Matrix, segments: Matrix)? = nil
    ) {
        self.words = words
        self.positions = positions
        self.segments = segments
        self.gradients = gradients
    }
}

/// What acts on a frozen encoder while it computes one unit of work.
///
/// This is all that the encoder knows of adapters: at a value site it hands over the activation, to be changed
/// in place, and on the way back the gradient, to be changed in place; at other sites it asks for other tensors.
/// Each requirement but the first has a default that leaves the encoder alone.
package protocol EncoderAdaptation: AnyObject {
    /// The lowest place that needs a gradient; backward goes no further. Nil when nothing is trained.
    var lowestTrained: Place? { get }

    /// Whether the value at the place is changed.
    func acts(at place: Place) -> Bool

    /// Changes the activation [T, width] in place, keeping from the workspace whatever backward needs.
    ///
    /// The source (see ``Site``) stays as it is until backward; at a site without one it is the value itself, which
    /// goes on changing.
    func forward(
        _ value: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace)

    /// Turns the gradient of the changed value into that of the unchanged one, in place; adds the gradients of
    /// parameters, and that of the source where one is wanted.
    func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
        _ workspace: Workspace)

    /// Whether what it does to one token of a layer depends on the sequence's other tokens; most do not.
    func mixesTokens(in layer: Int) -> Bool

    /// The γ and β to use at a norm site; nil for the frozen ones.
    func norm(at place: Place) -> TrainedNorm?

    /// The W and b to use at a linear site; nil for the frozen ones.
    func linear(at place: Place) -> TrainedLinear?

    /// Whether ``linear(at:)`` will have another W when the pass comes there; it may be made only then.
    func replacesMap(at place: Place) -> Bool

    /// The keys and values that come before every sequence's own in a layer.
    func prefix(in layer: Int) -> TrainedPrefix?

    /// The embedding tables to use; nil for the frozen ones.
    var embeddings: TrainedEmbeddings? { get }
}

extension EncoderAdaptation {
    package func acts(at place: Place) -> Bool { false }
    package func mixesTokens(in layer: Int) -> Bool { false }
    package func forward(
        _ value: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
    ) {}
    package func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {}
    package func norm(at place: Place) -> TrainedNorm? { nil }
    package func linear(at place: Place) -> TrainedLinear? { nil }
    package func replacesMap(at place: Place) -> Bool { linear(at: place)?.weight != nil }
    package func prefix(in layer: Int) -> TrainedPrefix? { nil }
    package var embeddings: TrainedEmbeddings? { nil }

    /// Whether something at one of a layer's sites changes the value.
    func acts(in layer: Int, at sites: Site...) -> Bool { sites.contains { acts(at: Place(layer, $0)) } }
}

/// Several adaptations as one: they act in their order, and backward in the reverse order.
///
/// For a tensor that stands in for a frozen one, the first that has one is asked; a prefix likewise.
package final class StackedAdaptation: EncoderAdaptation {
    private let parts: [any EncoderAdaptation]

    /// Stacks adaptations.
    package init(_ parts: [any EncoderAdaptation]) { self.parts = parts }

    package var lowestTrained: Place? { parts.compactMap(\.lowestTrained).min() }

    package func acts(at place: Place) -> Bool { parts.contains { $0.acts(at: place) } }

    package func mixesTokens(in layer: Int) -> Bool { parts.contains { $0.mixesTokens(in: layer) } }

    package func forward(
        _ value: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        for part in parts where part.acts(at: place) {
            part.forward(value, source: source, at: place, batch, workspace)
        }
    }

    package func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        for part in parts.reversed() where part.acts(at: place) {
            part.backward(gradient, sourceGradient: sourceGradient, at: place, batch, workspace)
        }
    }

    package func norm(at place: Place) -> TrainedNorm? { first { $0.norm(at: place) } }
    package func linear(at place: Place) -> TrainedLinear? {
        let found = parts.compactMap { $0.linear(at: place) }
        guard found.count > 1 else { return found.first }
        let (weight, bias) = (found.first { $0.weight != nil }, found.first { $0.bias != nil })
        return TrainedLinear(
            weight: weight?.weight, bias: bias?.bias, weightGradient: weight?.weightGradient,
            biasGradient: bias?.biasGradient)
    }
    package func replacesMap(at place: Place) -> Bool { parts.contains { $0.replacesMap(at: place) } }
    package func prefix(in layer: Int) -> TrainedPrefix? { first { $0.prefix(in: layer) } }
    package var embeddings: TrainedEmbeddings? { first(\.embeddings) }

    private func first<Tensors>(_ tensors: (any EncoderAdaptation) -> Tensors?) -> Tensors? {
        for part in parts {
            if let found = tensors(part) { return found }
        }
        return nil
    }
}
