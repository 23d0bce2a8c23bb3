import Diagnostics

/// What a trained tensor is: sharing rules, learning rates and weight decay are set by kind.
package enum ParameterKind: String, NamedChoice, CodingKey {
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
package struct ParameterSlice: Sendable, Equatable {
    /// The tensor's name in files and messages, such as `layer.3.hadamard.weight`.
    package let name: String
    /// What it is.
    package let kind: ParameterKind
    /// The encoder layer that it belongs to; nil for the head and for what belongs to no single layer.
    package let layer: Int?
    /// Its shape.
    package let shape: [Int]
    /// Where it starts.
    package let start: ParameterStart
    /// Whether it is a projection matrix of an adapter, which pruning may thin out.
    package let isPrunable: Bool

    /// Describes a tensor; explicit start values are as many as the shape says.
    package init(
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
    package var count: Int { shape.reduce(1, *) }

    /// The tensor as one that is not to be pruned.
    var whole: ParameterSlice {
        ParameterSlice(name: name, kind: kind, layer: layer, shape: shape, start: start)
    }

    /// Its values before the first update.
    package var initial: [Float] { start.values(count) }
}

/// One flat vector of parameters with named slices, in a fixed order.
///
/// The vector is what is reduced, stepped, saved and copied, each in one pass.
package struct ParameterLayout: Sendable, Equatable {
    /// The slices in their order.
    package let slices: [ParameterSlice]
    /// Where each slice lies in the vector.
    package let ranges: [Range<Int>]
    private let indices: [String: Int]

    /// Lays slices, whose names differ, end to end.
    package init(_ slices: [ParameterSlice]) {
        self.slices = slices
        var end = 0
        ranges = slices.map { slice in
            defer { end += slice.count }
            return end..<end + slice.count
        }
        indices = Dictionary(uniqueKeysWithValues: slices.enumerated().map { ($1.name, $0) })
    }

    /// The length of the vector.
    package var count: Int { ranges.last?.upperBound ?? 0 }

    /// Where the slice of that name lies.
    package subscript(_ name: String) -> Range<Int>? { indices[name].map { ranges[$0] } }

    /// The slice of that name.
    package func slice(_ name: String) -> ParameterSlice? { indices[name].map { slices[$0] } }

    /// The vector before the first update.
    package var initial: [Float] { slices.flatMap(\.initial) }

    /// How many numbers are adapters and norms: what papers count.
    ///
    /// The head is not.
    package var adapterCount: Int { slices.filter { $0.kind != .head }.reduce(0) { $0 + $1.count } }
}
