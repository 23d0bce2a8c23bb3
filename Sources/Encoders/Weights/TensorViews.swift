import Kernels

/// Views of every tensor of a backbone, in mapped or converted memory.
struct TensorViews {
    let embeddings: EmbeddingTables<FrozenMatrix>
    let embeddingNorm: NormWeights
    let embeddingProjection: LinearWeights?
    let layers: [LayerWeights]
    let pooler: LinearWeights?

    /// The forms in which a tensor can be read.
    enum Form {
        /// Floats.
        case floats
        /// W of a layer's map, which products may also read in bfloat16.
        case weight
    }

    /// Calls `tensor` with every tensor's name, without the family's prefix, and its shape.
    init(
        _ configuration: EncoderConfiguration, hasPooler: Bool,
        _ tensor: (_ name: String, _ shape: [Int], _ form: Form) throws -> FrozenWeight.Storage
    ) throws {
        func floats(_ name: String, _ shape: [Int]) throws -> UnsafePointer<Float> {
            guard case .float32(let base) = try tensor(name, shape, .floats) else {
                preconditionFailure("'\(name)' is not read as floats")
            }
            return base
        }
        let family = configuration.family
        func module(_ site: LayerSite) -> String {
            guard let module = family.tensors.module(at: site) else {
                preconditionFailure("\(family.name) has no module at \(site.site)")
            }
            return module
        }
        func linear(_ site: LayerSite) throws -> LinearWeights? {
            guard let shape = configuration.shape(ofLinear: site.site) else { return nil }
            let name = module(site)
            return LinearWeights(
                weight: FrozenWeight(
                    try tensor(
                        "\(name).weight", [shape.rows, shape.columns],
                        Site.linearsOfLayers.contains(site.site) ? .weight : .floats),
                    shape.rows, shape.columns),
                bias: try floats("\(name).bias", [shape.rows]))
        }
        func norm(_ site: LayerSite) throws -> NormWeights {
            let (name, width) = (module(site), configuration.width(ofNorm: site.site))
            return NormWeights(
                scale: try floats("\(name).weight", [width]), shift: try floats("\(name).bias", [width]))
        }
        let tables = try EmbeddingTables<FrozenMatrix> { table in
            guard let shape = configuration.shape(of: table), let name = family.tensors.table(table) else {
                return nil
            }
            let (rows, columns) = (shape.rows, shape.columns)
            return FrozenMatrix(try floats(name, [rows, columns]), rows, columns)
        }
        guard let tables else { preconditionFailure("\(family.name) has no words or positions") }
        embeddings = tables
        embeddingNorm = try norm(.embeddingNorm)
        embeddingProjection = try linear(.embeddingProjection)
        // One by one, so that memory grows with the layers found, not with those that config.json claims.
        var layers: [LayerWeights] = []
        for layer in 0..<configuration.layers {
            func own(_ site: Site) throws -> LinearWeights {
                guard let map = try linear(LayerSite(layer, site)) else {
                    preconditionFailure("no layer has a map at \(site)")
                }
                return map
            }
            layers.append(
                LayerWeights(
                    query: try own(.query), key: try own(.key), value: try own(.value),
                    projection: try own(.projection),
                    attentionNorm: try norm(LayerSite(layer, .attentionNorm)),
                    intermediate: try own(.intermediate), output: try own(.output),
                    outputNorm: try norm(LayerSite(layer, .outputNorm))))
        }
        self.layers = layers
        pooler = hasPooler ? try linear(LayerSite(configuration.layers, .pooler)) : nil
    }
}
