public import Diagnostics

/// What a trained tensor is: sharing rules, learning rates and weight decay are set by kind.
public enum ParameterKind: String, NamedChoice, CodingKey {
    /// Multiplies or maps activations.
    case weight
    /// Is added to activations.
    case bias
    /// γ or β of a LayerNorm.
    case norm
    /// The classifier or regressor on top.
    case head
}

/// One named tensor that is trained.
public struct ParameterSlice: Sendable, Equatable {
    /// The tensor's name in files and messages, such as `layer.3.hadamard.weight`.
    public let name: String
    /// What it is.
    public let kind: ParameterKind
    /// The encoder layer that it belongs to; nil for the head and for what belongs to no single layer.
    public let layer: Int?
    /// Its shape.
    public let shape: [Int]
    /// Where it starts.
    public let start: ParameterStart
    /// Whether it is a projection matrix of an adapter, which pruning may thin out.
    public let isPrunable: Bool

    /// Describes a tensor; explicit start values are as many as the shape says.
    public init(
        name: String, kind: ParameterKind, layer: Int?, shape: [Int], start: ParameterStart,
        isPrunable: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.layer = layer
        self.shape = shape
        self.start = start
        self.isPrunable = isPrunable
        if let given = start.count {
            precondition(given == count, "start of \(name) does not fill its shape")
        }
    }

    /// How many numbers it has.
    public var count: Int { shape.reduce(1, *) }

    /// The tensor as one that is not to be pruned.
    var whole: ParameterSlice {
        ParameterSlice(name: name, kind: kind, layer: layer, shape: shape, start: start)
    }

    /// Its values before the first update.
    public var initial: [Float] { start.values(count) }
}

/// One flat vector of parameters with named slices, in a fixed order.
///
/// The vector is what is reduced, stepped, saved and copied, each in one pass.
public struct ParameterLayout: Sendable, Equatable {
    /// The slices in their order.
    public let slices: [ParameterSlice]
    /// Where each slice lies in the vector.
    public let ranges: [Range<Int>]
    private let indices: [String: Int]

    /// Lays slices, whose names differ, end to end.
    public init(_ slices: [ParameterSlice]) {
        self.slices = slices
        var end = 0
        ranges = slices.map { slice in
            defer { end += slice.count }
            return end..<end + slice.count
        }
        indices = Dictionary(uniqueKeysWithValues: slices.enumerated().map { ($1.name, $0) })
    }

    /// The length of the vector.
    public var count: Int { ranges.last?.upperBound ?? 0 }

    /// Where the slice of that name lies.
    public subscript(_ name: String) -> Range<Int>? { indices[name].map { ranges[$0] } }

    /// The slice of that name.
    public func slice(_ name: String) -> ParameterSlice? { indices[name].map { slices[$0] } }

    /// The vector before the first update.
    public var initial: [Float] { slices.flatMap(\.initial) }

    /// How many numbers are adapters and norms: what papers count.
    ///
    /// The head is not.
    public var adapterCount: Int { slices.filter { $0.kind != .head }.reduce(0) { $0 + $1.count } }
}
