package import Adapters

/// The change of a task's adapter by training: each tensor's values minus its initial values.
package struct AdapterChange: Sendable {
    /// The tensors of the adapter and the norms, without the head.
    package let tensors: [Tensor]
    private let layout: ParameterLayout
    private let values: [Float]
    private let isPruned: Bool

    package struct Tensor: Sendable {
        /// Its name without the layer's, such as `hadamard.weight`.
        package let name: String
        package let kind: ParameterKind
        /// Its layer; nil if it belongs to no single layer.
        package let layer: Int?
        package let shape: [Int]
        /// `all`, `group:NAME` or `task:NAME`.
        package let owner: String
        fileprivate let slice: Int
    }

    init(
        _ layout: ParameterLayout, _ values: [Float], owners: [String: String], task: String, isPruned: Bool
    ) {
        self.layout = layout
        self.values = values
        self.isPruned = isPruned
        tensors = layout.slices.indices.compactMap { index in
            let slice = layout.slices[index]
            if slice.kind == .head { return nil }
            return Tensor(
                name: slice.tensor.textInLayer, kind: slice.kind, layer: slice.layer, shape: slice.shape,
                owner: owners[slice.name] ?? "task:\(task)",
                slice: index)
        }
    }

    /// Whether the values before training were those of another change of the same tensors.
    package func begins(like other: AdapterChange) -> Bool {
        zip(tensors, other.tensors).allSatisfy { layout.slices[$0.slice] == other.layout.slices[$1.slice] }
    }

    /// The changes of a tensor's values; 0 for entries that pruning removed before training.
    package func values(of tensor: Tensor) -> [Float] {
        let slice = layout.slices[tensor.slice]
        let isThinned = isPruned && slice.isPrunable
        return zip(values[layout.ranges[tensor.slice]], slice.initial).map { value, start in
            isThinned && value == 0 ? 0 : value - start
        }
    }
}
