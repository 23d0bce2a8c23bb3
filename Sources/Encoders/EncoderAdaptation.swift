public import Kernels

/// γ and β [d] that stand in for a frozen LayerNorm's, and where their gradients are added.
public struct TrainedNorm {
    /// γ.
    public let scale: UnsafePointer<Float>
    /// β.
    public let shift: UnsafePointer<Float>
    /// dγ, added to; nil where no gradient is wanted.
    public let scaleGradient: UnsafeMutablePointer<Float>?
    /// dβ, added to; nil where no gradient is wanted.
    public let shiftGradient: UnsafeMutablePointer<Float>?

    /// Names the vectors.
    public init(
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
public struct TrainedLinear {
    /// W; nil for the frozen one.
    public let weight: Matrix?
    /// b; nil for the frozen one.
    public let bias: UnsafePointer<Float>?
    /// dW, added to; nil where no gradient is wanted.
    public let weightGradient: Matrix?
    /// db, added to; nil where no gradient is wanted.
    public let biasGradient: UnsafeMutablePointer<Float>?

    /// Names the tensors.
    public init(
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
public struct TrainedPrefix {
    /// P keys, all heads side by side.
    public let keys: Matrix
    /// P values.
    public let values: Matrix
    /// dkeys, added to; nil where no gradient is wanted.
    public let keyGradient: Matrix?
    /// dvalues, added to; nil where no gradient is wanted.
    public let valueGradient: Matrix?

    /// Names the matrices.
    public init(keys: Matrix, values: Matrix, keyGradient: Matrix? = nil, valueGradient: Matrix? = nil) {
        self.keys = keys
        self.values = values
        self.keyGradient = keyGradient
        self.valueGradient = valueGradient
    }
}

/// Embedding tables that stand in for the frozen ones, and where their gradients are added.
public struct TrainedEmbeddings {
    /// Words [vocabulary, d], positions [positions, d], segments [segments, d].
    public let words, positions, segments: Matrix
    /// The gradients in the same shapes, added to; nil where none are wanted.
    public let gradients: (words: Matrix, positions: Matrix, segments: Matrix)?

    /// Names the tables.
    public init(
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
public protocol EncoderAdaptation: AnyObject {
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
    public func acts(at place: Place) -> Bool { false }
    public func mixesTokens(in layer: Int) -> Bool { false }
    public func forward(
        _ value: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
    ) {}
    public func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {}
    public func norm(at place: Place) -> TrainedNorm? { nil }
    public func linear(at place: Place) -> TrainedLinear? { nil }
    public func replacesMap(at place: Place) -> Bool { linear(at: place)?.weight != nil }
    public func prefix(in layer: Int) -> TrainedPrefix? { nil }
    public var embeddings: TrainedEmbeddings? { nil }

    /// Whether something at one of a layer's sites changes the value.
    func acts(in layer: Int, at sites: Site...) -> Bool { sites.contains { acts(at: Place(layer, $0)) } }
}

/// Several adaptations as one: they act in their order, and backward in the reverse order.
///
/// For a tensor that stands in for a frozen one, the first that has one is asked; a prefix likewise.
public final class StackedAdaptation: EncoderAdaptation {
    private let parts: [any EncoderAdaptation]

    /// Stacks adaptations.
    public init(_ parts: [any EncoderAdaptation]) { self.parts = parts }

    public var lowestTrained: Place? { parts.compactMap(\.lowestTrained).min() }

    public func acts(at place: Place) -> Bool { parts.contains { $0.acts(at: place) } }

    public func mixesTokens(in layer: Int) -> Bool { parts.contains { $0.mixesTokens(in: layer) } }

    public func forward(
        _ value: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        for part in parts where part.acts(at: place) {
            part.forward(value, source: source, at: place, batch, workspace)
        }
    }

    public func backward(
        _ gradient: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        for part in parts.reversed() where part.acts(at: place) {
            part.backward(gradient, sourceGradient: sourceGradient, at: place, batch, workspace)
        }
    }

    public func norm(at place: Place) -> TrainedNorm? { first { $0.norm(at: place) } }
    public func linear(at place: Place) -> TrainedLinear? {
        let found = parts.compactMap { $0.linear(at: place) }
        guard found.count > 1 else { return found.first }
        let (weight, bias) = (found.first { $0.weight != nil }, found.first { $0.bias != nil })
        return TrainedLinear(
            weight: weight?.weight, bias: bias?.bias, weightGradient: weight?.weightGradient,
            biasGradient: bias?.biasGradient)
    }
    public func replacesMap(at place: Place) -> Bool { parts.contains { $0.replacesMap(at: place) } }
    public func prefix(in layer: Int) -> TrainedPrefix? { first { $0.prefix(in: layer) } }
    public var embeddings: TrainedEmbeddings? { first(\.embeddings) }

    private func first<Tensors>(_ tensors: (any EncoderAdaptation) -> Tensors?) -> Tensors? {
        for part in parts {
            if let found = tensors(part) { return found }
        }
        return nil
    }
}
