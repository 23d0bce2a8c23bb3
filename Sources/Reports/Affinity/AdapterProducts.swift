import Runs

/// Sums of products of the changes of trained adapters, from which cosines over any part follow.
package struct AdapterProducts: Sendable {
    /// An adapter of a task in a run.
    package struct Member: Sendable {
        package let task, run: String

        package init(task: String, run: String) { (self.task, self.run) = (task, run) }
    }

    /// A tensor of every adapter, with its owner in each.
    package struct Tensor: Sendable {
        package let kind: String
        /// Nil for a tensor outside the layers.
        package let layer: Int?
        /// By member; members with the same owner share the tensor.
        package let owners: [String]

        package init(kind: String, layer: Int?, owners: [String]) {
            (self.kind, self.layer, self.owners) = (kind, layer, owners)
        }
    }

    private let members: [Member]
    private let tensors: [Tensor]
    /// By tensor, then for each pair of members; nil if they share the tensor.
    private let products: [[[Double?]]]

    /// `change` returns a tensor's change by member and tensor; only one tensor's are in memory at a time.
    package init(
        _ members: [Member], _ tensors: [Tensor], change: (_ member: Int, _ tensor: Int) -> [Float]
    ) {
        (self.members, self.tensors) = (members, tensors)
        products = tensors.enumerated().map { index, tensor in
            let changes = members.indices.map { change($0, index) }
            return members.indices.map { a in
                members.indices.map { b in
                    if a != b, tensor.owners[a] == tensor.owners[b] { return nil }
                    return zip(changes[a], changes[b]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                }
            }
        }
    }

    /// The cosines of the tasks' changes over all parameters, each kind and each layer.
    ///
    /// A pair of tasks has the mean over the runs that have both; if none has, over all their adapters.
    /// Tensors that both share are left out.
    package var affinity: TaskAffinity {
        var tasks: [String] = []
        for member in members where !tasks.contains(member.task) { tasks.append(member.task) }
        func unique(_ names: [String]) -> [String] {
            names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        let layers = Set(tensors.compactMap(\.layer)).sorted()
        let parts =
            [part("all", tasks) { _ in true }]
            + unique(tensors.map(\.kind)).map { kind in part(kind, tasks) { $0.kind == kind } }
            + layers.map { layer in part("layer.\(layer)", tasks) { $0.layer == layer } }
        return TaskAffinity(tasks: tasks, measure: .adapters, parts: parts)
    }

    private func part(
        _ name: String, _ tasks: [String], _ isIncluded: (Tensor) -> Bool
    ) -> TaskAffinity.Part {
        let chosen = tensors.indices.filter { isIncluded(tensors[$0]) }
        return TaskAffinity.Part(
            name: name,
            values: tasks.map { first in
                tasks.map { second in first == second ? nil : cosine(first, second, chosen) }
            })
    }

    private func cosine(_ first: String, _ second: String, _ chosen: [Int]) -> Double? {
        let pairs = members.indices.flatMap { a in
            members.indices.filter { b in members[a].task == first && members[b].task == second }
                .map { b in (a, b) }
        }
        let together = pairs.filter { members[$0.0].run == members[$0.1].run }
        return (together.isEmpty ? pairs : together).compactMap { a, b -> Double? in
            var (product, own, other) = (0.0, 0.0, 0.0)
            for tensor in chosen {
                guard let both = products[tensor][a][b] else { continue }
                product += both
                own += products[tensor][a][a] ?? 0
                other += products[tensor][b][b] ?? 0
            }
            let scale = (own * other).squareRoot()
            return scale > 0 ? product / scale : nil
        }.mean
    }
}
