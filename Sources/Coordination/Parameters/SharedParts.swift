import Adapters

/// The blocks that tasks share in a stage, and the parts of the parameters within which tasks are compared.
struct SharedParts: Sendable {
    /// All shared parameters, those of one kind, or those of one layer.
    struct Part: Sendable, Equatable {
        let name: String
        let kind: ParameterKind?
        let layer: Int?
    }

    /// All shared parameters first, then each kind, then each layer; empty if nothing is shared.
    let parts: [Part]
    /// The shared blocks, ascending.
    let blocks: [Int]
    /// For each of the blocks, the parts that contain it.
    let partsOfBlock: [[Int]]

    /// Selects the blocks of trained kinds that several tasks use.
    init(_ store: ParameterStore, trains: (ParameterKind) -> Bool) {
        let all = store.blocks
        blocks = all.indices.filter { all[$0].tasks.count > 1 && trains(all[$0].slice.kind) }
        let slices = blocks.map { all[$0].slice }
        let kinds = ParameterKind.allCases.filter { kind in slices.contains { $0.kind == kind } }
        let layers = Set(slices.compactMap(\.layer)).sorted()
        let parts =
            blocks.isEmpty
            ? []
            : [Part(name: "all", kind: nil, layer: nil)]
                + kinds.map { Part(name: $0.rawValue, kind: $0, layer: nil) }
                + layers.map { Part(name: "layer.\($0)", kind: nil, layer: $0) }
        self.parts = parts
        partsOfBlock = slices.map { slice in
            parts.indices.filter { index in
                let part = parts[index]
                return (part.kind == nil || part.kind == slice.kind)
                    && (part.layer == nil || part.layer == slice.layer)
            }
        }
    }
}
