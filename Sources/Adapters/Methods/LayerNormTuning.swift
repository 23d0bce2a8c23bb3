import Diagnostics
package import Encoders

// LayerNorm tuning (Basu et al., "Strong Baselines for Parameter Efficient Few-Shot Fine-tuning", arXiv 2304.01917): γ and
// β of LayerNorms are trained from the backbone's values, everything else is frozen.
//
//   y = γ ⊙ x̂ + β        dγ = Σ_t dy ⊙ x̂    dβ = Σ_t dy
//
// Count: 4 d a layer with both norms; bert-base 36,864, the budget of the Hadamard adapter with one norm. Merged: copied.

/// LayerNorm tuning: γ and β of each layer's LayerNorms.
package struct LayerNormTuning: AdapterMethod {
    package static let name = "layernorm"
    package static let source = "Basu et al., arXiv 2304.01917"
    package static let summary = "γ and β of the LayerNorms"
    package static let settings = [
        MethodSetting("norm", "attention, output, both, none", "the LayerNorms of a layer that are trained"),
        MethodSetting("embeddings", "true, false", "whether the embeddings' LayerNorm is trained too"),
        .layers,
    ]

    /// Which LayerNorms of a layer are trained.
    package let norm: TrainedNorms
    /// Whether the embeddings' LayerNorm is trained too.
    package let embeddings: Bool
    /// The layers whose LayerNorms are trained.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case norm, embeddings, layers }

    /// Makes the method with settings.
    package init(norm: TrainedNorms = .both, embeddings: Bool = false, layers: LayerSet = .all) {
        self.norm = norm
        self.embeddings = embeddings
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        norm = try section.value(.norm, default: .both)
        embeddings = try section.value(.embeddings, default: false)
        layers = try section.value(.layers, default: .all)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        if norm == .none, !embeddings {
            throw Failure.usage(
                "leaves nothing to train", at: "adapter.norm",
                remedy: "use 'attention', 'output' or 'both', or set 'embeddings: true'")
        }
        let below = embeddings ? [Place(Place.belowLayers, .embeddingNorm)] : []
        let layers = try layers.indices(of: weights.configuration.layers, key: "adapter.layers")
        let places = below + layers.flatMap { layer in norm.sites.map { Place(layer, $0) } }
        return places.flatMap { BackboneTensor.norm($0, of: weights) }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        RetrainedBackbone(parameters, on: weights)
    }

    package var mergeability: Mergeability { .exact }

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double { 0 }
}
