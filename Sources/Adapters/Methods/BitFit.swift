package import Diagnostics
package import Encoders

// BitFit (Ben Zaken, Goldberg, Ravfogel, "BitFit: Simple Parameter-efficient Fine-tuning for
// Transformer-based Masked Language-models", ACL 2022, arXiv 2106.10199): every bias is trained from the
// backbone's values: b of the six linear maps of each layer, β of its two LayerNorms and of the embeddings',
// b of the embeddings' projection where there is one, and b of the pooler.
//
//   y = x W + b        db = Σ_t dy        (β likewise)
//
// The pooler's bias is left out by default, because heads with another pooling never read it; the published
// count includes it: bert-base 102,912, without it 102,144. A key's bias shifts all scores of a query
// equally, so its gradient is nearly 0. Merged: copied.

/// BitFit: every bias of the encoder.
package struct BitFit: LinearMapMethod {
    package static let name = "bitfit"
    package static let source = "Ben Zaken et al., ACL 2022, arXiv 2106.10199"
    package static let summary = "every bias: of all linear maps and all LayerNorms"
    package static let keys: [MethodKey<Self>] = [.pooler(\.pooler), .layers(\.layers)]

    /// Whether the pooler's bias is trained too.
    package var pooler = false
    /// The layers whose biases are trained; the embeddings' biases always are.
    package var layers = LayerSet.all

    package init() {}

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(Site.linears) }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        let biases = try layers.indices(on: weights).flatMap { layer in
            weights.linearSites.filter { $0.layer == layer }.compactMap {
                BackboneTensor.linear($0, .bias, of: weights)
            }
                + weights.normSites.filter { $0.layer == layer }.map {
                    BackboneTensor.norm($0, .bias, of: weights)
                }
        }
        let embeddings = BackboneTensor.norm(
            LayerSite(LayerSite.belowLayers, .embeddingNorm), .bias, of: weights)
        let projection = BackboneTensor.linear(.embeddingProjection, .bias, of: weights).map { [$0] } ?? []
        let pooler = pooler ? try TrainedPooler.slices([.bias], of: weights) : []
        return BoundBackboneTensors(slices: [embeddings] + projection + biases + pooler, weights: weights)
    }
}
