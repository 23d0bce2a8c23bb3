import Adapters
import Diagnostics
import Runs
import Studies
package import Tasks
import Training

/// What training has changed in a task's adapter: each tensor's values less those that it started from.
package struct AdapterChange: Sendable {
    /// The adapter's and norms' tensors; the head is none of them.
    package let tensors: [Tensor]
    private let layout: ParameterLayout
    private let values: [Float]
    private let isPruned: Bool

    /// One of the tensors.
    package struct Tensor: Sendable {
        /// Its name without the layer's, such as `hadamard.weight`.
        package let name: String
        /// Its layer; nil for what belongs to no single one.
        package let layer: Int?
        /// Its shape.
        package let shape: [Int]
        /// Whose it is: `all`, `group:NAME` or `task:NAME`.
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
                name: slice.tensor.textInLayer, layer: slice.layer, shape: slice.shape,
                owner: owners[slice.name] ?? "task:\(task)",
                slice: index)
        }
    }

    /// The changes of a tensor's values; of a value that pruning removed before training there is none.
    package func values(of tensor: Tensor) -> [Float] {
        let slice = layout.slices[tensor.slice]
        let isThinned = isPruned && slice.isPrunable
        return zip(values[layout.ranges[tensor.slice]], slice.initial).map { value, start in
            isThinned && value == 0 ? 0 : value - start
        }
    }
}

extension TrainedRun {
    /// What training has changed in a task's adapter.
    package func change(of task: any LanguageTask) throws -> AdapterChange {
        let (layout, values) = try parameters(of: task)
        let topology = try AdapterConfiguration.read(directory.adapters(task: task.name))?.topology ?? []
        let owners = Dictionary(topology.map { ($0.name, $0.owner) }) { $1 }
        return AdapterChange(
            layout, values, owners: owners, task: task.name, isPruned: model.pruning != nil)
    }
}
