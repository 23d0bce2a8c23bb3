import Diagnostics

/// The inner products of adapters' changes in training: over all tensors, each kind and each layer.
package struct ChangeProducts: Sendable {
    /// A tensor of every adapter.
    package struct Tensor: Sendable {
        package let kind: String
        /// Nil for a tensor outside the layers.
        package let layer: Int?
        /// By adapter; adapters with the same owner share the tensor.
        package let owners: [String]

        package init(kind: String, layer: Int?, owners: [String]) {
            (self.kind, self.layer, self.owners) = (kind, layer, owners)
        }
    }

    package struct Part: Sendable {
        /// `all`, a kind such as `weight`, or a layer such as `layer.3`.
        package let name: String
        package let sums: Sums
    }

    /// `all` first, then each kind, then each layer.
    package let parts: [Part]

    /// `change` returns a tensor's change by adapter and tensor; only one tensor's are in memory at a time.
    package init(
        _ tensors: [Tensor], adapters: Int, change: (_ adapter: Int, _ tensor: Int) -> [Float]
    ) {
        let sums = tensors.enumerated().map { index, tensor in
            Sums(owners: tensor.owners, changes: (0..<adapters).map { change($0, index) })
        }
        func part(_ name: String, _ isIncluded: (Tensor) -> Bool) -> Part {
            var sum = Sums(adapters: adapters)
            for (tensor, own) in zip(tensors, sums) where isIncluded(tensor) { sum.add(own) }
            return Part(name: name, sums: sum)
        }
        let kinds = tensors.map(\.kind).distinct
        let layers = Set(tensors.compactMap(\.layer)).sorted()
        parts =
            [part("all") { _ in true }] + kinds.map { kind in part(kind) { $0.kind == kind } }
            + layers.map { layer in part("layer.\(layer)") { $0.layer == layer } }
    }

    /// The sums over some tensors.
    ///
    /// A cosine of two adapters leaves out the tensors that both share: they are equal whatever the tasks do.
    package struct Sums: Sendable {
        /// The squared norm of each adapter's change.
        private var squares: [Double]
        /// By pair, over the tensors that it does not share: the product, and the first's squared norm.
        private var products, ownSquares: [[Double]]

        init(adapters count: Int) {
            squares = [Double](repeating: 0, count: count)
            products = [[Double]](repeating: squares, count: count)
            ownSquares = products
        }

        /// The sums of one tensor, from its changes by adapter.
        package init(owners: [String], changes: [[Float]]) {
            self.init(adapters: changes.count)
            for a in changes.indices {
                for b in 0...a {
                    let product = zip(changes[a], changes[b]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                    if a == b { squares[a] = product }
                    if owners[a] != owners[b] { (products[a][b], products[b][a]) = (product, product) }
                }
            }
            for a in changes.indices {
                for b in changes.indices where owners[a] != owners[b] { ownSquares[a][b] = squares[a] }
            }
        }

        mutating func add(_ other: Sums) {
            for a in squares.indices {
                squares[a] += other.squares[a]
                for b in squares.indices {
                    products[a][b] += other.products[a][b]
                    ownSquares[a][b] += other.ownSquares[a][b]
                }
            }
        }

        /// The Euclidean norm of each adapter's change.
        package var norms: [Double] { squares.map { $0.squareRoot() } }

        /// The cosine of two adapters' changes; nil if they share every tensor, or if one did not change.
        package func cosine(_ first: Int, _ second: Int) -> Double? {
            let scale = (ownSquares[first][second] * ownSquares[second][first]).squareRoot()
            return scale > 0 ? products[first][second] / scale : nil
        }
    }
}
