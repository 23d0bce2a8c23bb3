import Adapters
import Runs

extension AdapterChanges {
    /// The norms and cosines of the changes of tasks' adapters, which have the same tensors; nil for none.
    init?(_ tasks: [String], _ changes: [AdapterChange]) {
        guard let tensors = changes.first?.tensors, !tensors.isEmpty else { return nil }
        let products = ChangeProducts(
            tensors.enumerated().map { index, tensor in
                ChangeProducts.Tensor(
                    kind: tensor.kind.rawValue, layer: tensor.layer,
                    owners: changes.map { $0.tensors[index].owner })
            }, adapters: changes.count
        ) { changes[$0].values(of: changes[$0].tensors[$1]) }
        self.init(
            tasks: tasks,
            parts: products.parts.map { part in
                Part(
                    name: part.name, norms: part.sums.norms,
                    cosines: tasks.indices.map { i in tasks.indices.map { part.sums.cosine(i, $0) } })
            })
    }
}
