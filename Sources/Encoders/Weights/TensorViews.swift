import Kernels

/// Views of every tensor of a backbone, in mapped or converted memory.
struct TensorViews {
    let embeddings: EmbeddingTables<FrozenMatrix>
    let embeddingNorm: NormWeights
    let layers: [LayerWeights]
    let pooler: LinearWeights?

    /// Calls `floats` with every tensor's name, without the family's prefix, and its shape.
    init(
        _ configuration: EncoderConfiguration, hasPooler: Bool,
        _ floats: (_ name: String, _ shape: [Int]) throws -> UnsafePointer<Float>
    ) throws {
        let (d, f) = (configuration.hidden, configuration.intermediate)
        let family = configuration.family
        func module(_ site: LayerSite) -> String {
            guard let module = family.tensors.module(at: site) else {
                preconditionFailure("\(family.name) has no module at \(site.site)")
            }
            return module
        }
        func table(_ table: EmbeddingTable, _ rows: Int) throws -> FrozenMatrix {
            guard let name = family.tensors.table(table) else {
                preconditionFailure("\(family.name) has no table of \(table)")
            }
            return FrozenMatrix(try floats(name, [rows, d]), rows, d)
        }
        func linear(_ site: LayerSite, _ output: Int, _ input: Int) throws -> LinearWeights {
            let name = module(site)
            return LinearWeights(
                weight: FrozenMatrix(try floats("\(name).weight", [output, input]), output, input),
                bias: try floats("\(name).bias", [output]))
        }
        func norm(_ site: LayerSite) throws -> NormWeights {
            let name = module(site)
            return NormWeights(
                scale: try floats("\(name).weight", [d]), shift: try floats("\(name).bias", [d]))
        }
        embeddings = EmbeddingTables(
            words: try table(.words, configuration.vocabulary),
            positions: try table(.positions, configuration.positionRows),
            segments: try configuration.segments.map { try table(.segments, $0) })
        embeddingNorm = try norm(.embeddingNorm)
        // One by one, so that memory grows with the layers found, not with those that config.json claims.
        var layers: [LayerWeights] = []
        for layer in 0..<configuration.layers {
            layers.append(
                LayerWeights(
                    query: try linear(LayerSite(layer, .query), d, d),
                    key: try linear(LayerSite(layer, .key), d, d),
                    value: try linear(LayerSite(layer, .value), d, d),
                    projection: try linear(LayerSite(layer, .projection), d, d),
                    attentionNorm: try norm(LayerSite(layer, .attentionNorm)),
                    intermediate: try linear(LayerSite(layer, .intermediate), f, d),
                    output: try linear(LayerSite(layer, .output), d, f),
                    outputNorm: try norm(LayerSite(layer, .outputNorm))))
        }
        self.layers = layers
        pooler = hasPooler ? try linear(LayerSite(configuration.layers, .pooler), d, d) : nil
    }
}
