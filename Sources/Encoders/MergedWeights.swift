package import Kernels

/// A backbone whose tensors are copies that may be written: what adapters are folded into.
package final class MergedWeights {
    /// The backbone, which computes with whatever the copies hold.
    package let weights: EncoderWeights

    /// Copies every tensor of a backbone.
    package init(copying other: EncoderWeights) { weights = EncoderWeights(copying: other) }

    /// W [out, in] and b [out] of a linear site; nil where the backbone has no such map.
    package func linear(at place: Place) -> (weight: Matrix, bias: UnsafeMutablePointer<Float>)? {
        weights.linear(at: place).map { ($0.weight, UnsafeMutablePointer(mutating: $0.bias)) }
    }

    /// γ and β [d] of a norm site.
    package func norm(at place: Place) -> (
        scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>
    ) {
        let own = weights.norm(at: place)
        return (UnsafeMutablePointer(mutating: own.scale), UnsafeMutablePointer(mutating: own.shift))
    }
}

extension EncoderWeights {
    /// W and b of a linear site; nil where the backbone has no such map.
    package func linear(at place: Place) -> LinearWeights? {
        if place.site == .pooler { return pooler }
        guard layers.indices.contains(place.layer) else { return nil }
        let own = layers[place.layer]
        switch place.site {
        case .query: return own.query
        case .key: return own.key
        case .value: return own.value
        case .projection: return own.projection
        case .intermediate: return own.intermediate
        case .output: return own.output
        default: return nil
        }
    }

    /// γ and β of a norm site.
    package func norm(at place: Place) -> NormWeights {
        switch place.site {
        case .attentionNorm: layers[place.layer].attentionNorm
        case .outputNorm: layers[place.layer].outputNorm
        case .embeddingNorm: embeddingNorm
        default: preconditionFailure("\(place.site) is no norm site")
        }
    }

    /// Every norm site, in the order of the forward pass.
    package var normPlaces: [Place] {
        [Place(Place.belowLayers, .embeddingNorm)]
            + layers.indices.flatMap { [Place($0, .attentionNorm), Place($0, .outputNorm)] }
    }

    /// Every linear site that the backbone has, in the order of the forward pass.
    package var linearPlaces: [Place] {
        layers.indices.flatMap { layer in
            Site.linears.filter { $0 != .pooler }.map { Place(layer, $0) }
        } + (pooler == nil ? [] : [Place(layers.count, .pooler)])
    }
}
