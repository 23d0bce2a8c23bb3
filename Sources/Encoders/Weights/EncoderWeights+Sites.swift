extension EncoderWeights {
    /// W and b of a linear site; nil if the backbone has no such map.
    package func linear(at site: LayerSite) -> LinearWeights? {
        switch site.site {
        case .pooler: return pooler
        case .embeddingProjection: return embeddingProjection
        default: break
        }
        guard layers.indices.contains(site.layer) else { return nil }
        let own = layers[site.layer]
        switch site.site {
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
    package func norm(at site: LayerSite) -> NormWeights {
        switch site.site {
        case .attentionNorm: layers[site.layer].attentionNorm
        case .outputNorm: layers[site.layer].outputNorm
        case .embeddingNorm: embeddingNorm
        default: preconditionFailure("\(site.site) is no norm site")
        }
    }

    /// Every norm site, in the order of the forward pass.
    package var normSites: [LayerSite] {
        [.embeddingNorm]
            + layers.indices.flatMap { [LayerSite($0, .attentionNorm), LayerSite($0, .outputNorm)] }
    }

    /// Every linear site that the backbone has, in the order of the forward pass.
    package var linearSites: [LayerSite] {
        (embeddingProjection == nil ? [] : [.embeddingProjection]) + linearSitesOfLayers
            + (pooler == nil ? [] : [LayerSite(layers.count, .pooler)])
    }

    /// Every linear site of the layers, in the order of the forward pass.
    package var linearSitesOfLayers: [LayerSite] {
        layers.indices.flatMap { layer in Site.linearsOfLayers.map { LayerSite(layer, $0) } }
    }
}
