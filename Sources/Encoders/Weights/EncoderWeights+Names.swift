package import Formats
import Kernels

extension EncoderWeights {
    /// Every tensor under its name in a Hugging Face file, with a prefix before each.
    package func namedTensors(prefix: String) -> [NamedTensor] {
        func tensor(_ name: String, _ shape: [Int], _ base: UnsafePointer<Float>) -> NamedTensor {
            let values = UnsafeBufferPointer(start: base, count: shape.reduce(1, *))
            return NamedTensor(name: prefix + name, shape: shape, values: .float(Array(values)))
        }
        func matrix(_ name: String, _ matrix: FrozenMatrix) -> NamedTensor {
            tensor(name, [matrix.rows, matrix.columns], matrix.base)
        }
        let names = configuration.family.tensors
        var tensors = EmbeddingTable.allCases.compactMap { table -> NamedTensor? in
            guard let name = names.table(table), let own = embeddings[table] else { return nil }
            return matrix(name, own)
        }
        for site in normSites {
            guard let module = names.module(at: site) else { continue }
            let (own, width) = (norm(at: site), configuration.width(ofNorm: site.site))
            tensors.append(tensor("\(module).weight", [width], own.scale))
            tensors.append(tensor("\(module).bias", [width], own.shift))
        }
        for site in linearSites {
            guard let module = names.module(at: site), let own = linear(at: site) else { continue }
            tensors.append(
                NamedTensor(
                    name: "\(prefix)\(module).weight", shape: [own.weight.rows, own.weight.columns],
                    values: .float(own.weight.values)))
            tensors.append(tensor("\(module).bias", [own.weight.rows], own.bias))
        }
        return tensors
    }
}
