/// A trained tensor: its name, kind and shape, and its values at start.
package struct ParameterSlice: Sendable, Equatable {
    package let tensor: TensorName
    /// The text of ``tensor``.
    package let name: String
    package let kind: ParameterKind
    package let shape: [Int]
    package let start: ParameterStart
    /// Whether it is a projection matrix of an adapter, which can be pruned.
    package let isPrunable: Bool

    /// Explicit start values must fill the shape.
    package init(
        _ tensor: TensorName, _ kind: ParameterKind, _ shape: [Int], _ start: ParameterStart,
        isPrunable: Bool = false
    ) {
        self.tensor = tensor
        name = tensor.text
        self.kind = kind
        self.shape = shape
        self.start = start
        self.isPrunable = isPrunable
        if let given = start.count {
            precondition(given == count, "start of \(name) does not fill its shape")
        }
    }

    /// The encoder layer; nil for the head and for a tensor that belongs to no single layer.
    package var layer: Int? { tensor.layer }

    /// The number of elements.
    package var count: Int { shape.reduce(1, *) }

    /// A copy that is not pruned.
    var exemptFromPruning: ParameterSlice { ParameterSlice(tensor, kind, shape, start) }

    /// The values before the first update.
    package var initial: [Float] { start.values(count, of: name) }
}
