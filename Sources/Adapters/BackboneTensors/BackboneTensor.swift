import Encoders
import Kernels

/// A tensor of the backbone that is trained itself, from the backbone's values.
///
/// Its name depends on the tensor alone, so all methods that train it use one name.
enum BackboneTensor {
    /// W or γ, or b or β.
    enum Part: String, CaseIterable { case weight, bias }

    /// γ or β at a norm site.
    static func norm(_ place: LayerSite, _ part: Part, of weights: EncoderWeights) -> ParameterSlice {
        let own = weights.norm(at: place)
        return slice(
            place, part, .norm, shape: [weights.configuration.width(ofNorm: place.site)],
            part == .weight ? own.scale : own.shift, weights)
    }

    /// γ and β at a norm site.
    static func norm(_ place: LayerSite, of weights: EncoderWeights) -> [ParameterSlice] {
        Part.allCases.map { norm(place, $0, of: weights) }
    }

    /// W or b at a linear site; nil if the backbone has no such map.
    static func linear(_ place: LayerSite, _ part: Part, of weights: EncoderWeights) -> ParameterSlice? {
        guard let own = weights.linear(at: place) else { return nil }
        switch part {
        case .weight:
            return ParameterSlice(
                name(place, part), .weight, [own.weight.rows, own.weight.columns],
                .backbone(FrozenValues(own.weight, of: weights)))
        case .bias:
            return slice(place, part, .bias, shape: [own.weight.rows], own.bias, weights)
        }
    }

    /// An embedding table; nil if the backbone has none of its kind.
    static func table(_ table: EmbeddingTable, of weights: EncoderWeights) -> ParameterSlice? {
        guard let own = weights.embeddings[table] else { return nil }
        return ParameterSlice(
            name(table), .weight, [own.rows, own.columns],
            .backbone(FrozenValues(UnsafePointer(own.base), own.count, of: weights)))
    }

    private static func slice(
        _ place: LayerSite, _ part: Part, _ kind: ParameterKind, shape: [Int], _ base: UnsafePointer<Float>,
        _ weights: EncoderWeights
    ) -> ParameterSlice {
        ParameterSlice(
            name(place, part), kind, shape,
            .backbone(FrozenValues(base, shape.reduce(1, *), of: weights)))
    }

    static func name(_ table: EmbeddingTable) -> TensorName {
        TensorName(backbone: "embeddings", table.rawValue)
    }

    static func name(_ place: LayerSite, _ part: Part) -> TensorName {
        let (label, isInLayer) =
            switch place.site {
            case .embeddingNorm: ("embeddings.norm", false)
            case .embeddingProjection: ("embeddings.projection", false)
            case .pooler: ("pooler", false)
            case .attentionNorm: ("attention.norm", true)
            case .outputNorm: ("output.norm", true)
            default: ("\(place.site)", true)
            }
        return TensorName(
            backbone: label, layer: isInLayer ? place.layer : nil, site: place.site, part.rawValue)
    }
}
