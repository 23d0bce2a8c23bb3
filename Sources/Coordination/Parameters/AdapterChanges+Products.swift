import Adapters
import Runs

extension AdapterChanges {
    /// The norms and cosines of the changes of tasks' adapters, which have the same tensors; nil for none.
    init?(_ tasks: [String], _ changes: [AdapterChange]) {
        guard let tensors = changes.first?.tensors, !tensors.isEmpty else { return nil }
        var sums: [(name: String, products: Products)] = []
        func add(_ products: Products, to name: String) {
            if let known = sums.firstIndex(where: { $0.name == name }) {
                sums[known].products.add(products)
            } else {
                sums.append((name, products))
            }
        }
        let all = tensors.indices.map { index in
            Products(
                changes.map { $0.tensors[index].owner }, changes.map { $0.values(of: $0.tensors[index]) })
        }
        for products in all { add(products, to: "all") }
        for kind in ParameterKind.allCases {
            for (tensor, products) in zip(tensors, all) where tensor.kind == kind {
                add(products, to: kind.rawValue)
            }
        }
        for layer in Set(tensors.compactMap(\.layer)).sorted() {
            for (tensor, products) in zip(tensors, all) where tensor.layer == layer {
                add(products, to: "layer.\(layer)")
            }
        }
        self.init(tasks: tasks, parts: sums.map { $0.products.part(named: $0.name) })
    }

    /// The inner products of the tasks' changes on some tensors.
    private struct Products {
        private var products: [[Double]]
        /// Whether two tasks have a tensor that they do not share.
        private var isApart: [[Bool]]

        init(_ owners: [String], _ values: [[Float]]) {
            products = values.map { _ in values.map { _ in 0 } }
            for i in values.indices {
                for j in 0...i {
                    products[i][j] = zip(values[i], values[j]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                    products[j][i] = products[i][j]
                }
            }
            isApart = owners.map { owner in owners.map { $0 != owner } }
        }

        mutating func add(_ other: Products) {
            for i in products.indices {
                for j in products.indices {
                    products[i][j] += other.products[i][j]
                    isApart[i][j] = isApart[i][j] || other.isApart[i][j]
                }
            }
        }

        func part(named name: String) -> AdapterChanges.Part {
            let norms = products.indices.map { products[$0][$0].squareRoot() }
            return AdapterChanges.Part(
                name: name, norms: norms,
                cosines: products.indices.map { i in
                    products.indices.map { j in
                        let scale = norms[i] * norms[j]
                        return isApart[i][j] && scale > 0 ? products[i][j] / scale : nil
                    }
                })
        }
    }
}
