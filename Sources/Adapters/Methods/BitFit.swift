import Diagnostics
package import Encoders

// BitFit (Ben Zaken, Goldberg, Ravfogel, "BitFit: Simple Parameter-efficient Fine-tuning for Transformer-based Masked
// Language-models", ACL 2022, arXiv 2106.10199): every bias is trained from the backbone's values, all else is frozen:
// b of the six linear maps of each layer, β of its two LayerNorms and of the embeddings', and b of the pooler.
//
//   y = x W + b        db = Σ_t dy        (β likewise)
//
// The pooler's bias is left out by default, since a head that pools otherwise never reads it; the published count has
// it: bert-base 102,912, without it 102,144. A key's bias moves every score of a query alike: its gradient is nearly 0.
// Merged: copied.

/// BitFit: every bias of the encoder.
package struct BitFit: AdapterMethod {
    package static let name = "bitfit"
    package static let source = "Ben Zaken et al., ACL 2022, arXiv 2106.10199"
    package static let summary = "every bias: of all linear maps and all LayerNorms"
    package static let settings = [TrainedPooler.setting, .layers]

    /// Whether the pooler's bias is trained too.
    package let pooler: Bool
    /// The layers whose biases are trained; the embeddings' β always is.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case pooler, layers }

    /// Makes the method with settings.
    package init(pooler: Bool = false, layers: LayerSet = .all) {
        self.pooler = pooler
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        pooler = try section.value(.pooler, default: false)
        layers = try section.value(.layers, default: .all)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        let layers = try layers.indices(of: weights.configuration.layers, key: "adapter.layers")
        return [BackboneTensor.norm(Place(Place.belowLayers, .embeddingNorm), .bias, of: weights)]
            + layers.flatMap { layer in
                weights.linearPlaces.filter { $0.layer == layer }.compactMap {
                    BackboneTensor.linear($0, .bias, of: weights)
                }
                    + weights.normPlaces.filter { $0.layer == layer }.map {
                        BackboneTensor.norm($0, .bias, of: weights)
                    }
            } + (pooler ? try TrainedPooler.slices([.bias], of: weights) : [])
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        RetrainedBackbone(parameters, on: weights)
    }

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(Site.linears) }

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double { 0 }
}
