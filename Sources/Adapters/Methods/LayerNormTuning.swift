package import Diagnostics
package import Encoders

// LayerNorm tuning (Basu et al., "Strong Baselines for Parameter Efficient Few-Shot Fine-tuning", arXiv
// 2304.01917): γ and β of the LayerNorms are trained from the backbone's values.
//
//   y = γ ⊙ x̂ + β        dγ = Σ_t dy ⊙ x̂    dβ = Σ_t dy
//
// Count: 4 d a layer with both norms; bert-base 36,864, the budget of the Hadamard adapter with one norm.
// Merged: copied.

/// LayerNorm tuning: γ and β of each layer's LayerNorms.
package struct LayerNormTuning: AdapterMethod {
    package static let name = "layernorm"
    package static let source = "Basu et al., arXiv 2304.01917"
    package static let summary = "γ and β of the LayerNorms"
    package static let keys: [MethodKey<Self>] = [
        MethodKey("norm", \.norm, "the LayerNorms of a layer that are trained"),
        MethodKey("embeddings", \.embeddings, "train the embeddings' LayerNorm too"),
        .layers(\.layers),
    ]

    package var norm = TrainedNorms.both
    package var embeddings = false
    package var layers = LayerSet.all

    package init() {}

    package var mergeability: Mergeability { .exact }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        if norm == .none, !embeddings {
            throw Failure.usage(
                "leaves nothing to train", at: "adapter.norm",
                remedy: "use 'attention', 'output' or 'both', or set 'embeddings: true'")
        }
        let below = embeddings ? [LayerSite(LayerSite.belowLayers, .embeddingNorm)] : []
        let layers = try layers.indices(on: weights)
        let places = below + layers.flatMap { layer in norm.sites.map { LayerSite(layer, $0) } }
        return BoundBackboneTensors(
            slices: places.flatMap { BackboneTensor.norm($0, of: weights) }, weights: weights)
    }
}
