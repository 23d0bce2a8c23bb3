/// A site of one layer.
package struct LayerSite: Hashable, Sendable, Comparable {
    /// The layer, from 0; ``belowLayers`` for the embeddings, the number of layers for the pooler.
    package let layer: Int
    package let site: Site

    /// The layer of the embeddings' sites.
    package static let belowLayers = -1
    package static let embeddings = LayerSite(belowLayers, .embeddings)
    package static let embeddingNorm = LayerSite(belowLayers, .embeddingNorm)
    package static let embeddingProjection = LayerSite(belowLayers, .embeddingProjection)

    package init(_ layer: Int, _ site: Site) {
        self.layer = layer
        self.site = site
    }

    /// The order of the forward pass.
    package static func < (left: LayerSite, right: LayerSite) -> Bool {
        (left.layer, left.site) < (right.layer, right.site)
    }
}
