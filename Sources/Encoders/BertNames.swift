package import Formats
import Kernels

/// What files of the BERT family call their modules, without the prefix that some put before all of them.
package enum BertNames {
    static let words = "embeddings.word_embeddings.weight"
    static let positions = "embeddings.position_embeddings.weight"
    static let segments = "embeddings.token_type_embeddings.weight"
    static let pooler = "pooler.dense"
    /// The text before a layer's number.
    static let layerPrefix = "encoder.layer."

    /// The module at a linear or norm site, which has a `weight` and a `bias`; nil for other sites.
    package static func module(at place: Place) -> String? {
        let layer = "\(layerPrefix)\(place.layer)"
        switch place.site {
        case .embeddingNorm: return "embeddings.LayerNorm"
        case .query: return "\(layer).attention.self.query"
        case .key: return "\(layer).attention.self.key"
        case .value: return "\(layer).attention.self.value"
        case .projection: return "\(layer).attention.output.dense"
        case .attentionNorm: return "\(layer).attention.output.LayerNorm"
        case .intermediate: return "\(layer).intermediate.dense"
        case .output: return "\(layer).output.dense"
        case .outputNorm: return "\(layer).output.LayerNorm"
        case .pooler: return pooler
        default: return nil
        }
    }
}

extension EncoderWeights {
    /// Every tensor under its name in a Hugging Face file, with a prefix before each.
    package func namedTensors(prefix: String) -> [NamedTensor] {
        func tensor(_ name: String, _ shape: [Int], _ base: UnsafePointer<Float>) -> NamedTensor {
            let values = UnsafeBufferPointer(start: base, count: shape.reduce(1, *))
            return NamedTensor(name: prefix + name, shape: shape, values: .float(Array(values)))
        }
        func matrix(_ name: String, _ matrix: Matrix) -> NamedTensor {
            tensor(name, [matrix.rows, matrix.columns], UnsafePointer(matrix.base))
        }
        var tensors = [
            matrix(BertNames.words, words), matrix(BertNames.positions, positions),
            matrix(BertNames.segments, segments),
        ]
        for place in normPlaces {
            guard let module = BertNames.module(at: place) else { continue }
            let own = norm(at: place)
            tensors.append(tensor("\(module).weight", [configuration.hidden], own.scale))
            tensors.append(tensor("\(module).bias", [configuration.hidden], own.shift))
        }
        for place in linearPlaces {
            guard let module = BertNames.module(at: place), let own = linear(at: place) else { continue }
            tensors.append(matrix("\(module).weight", own.weight))
            tensors.append(tensor("\(module).bias", [own.weight.rows], own.bias))
        }
        return tensors
    }
}
