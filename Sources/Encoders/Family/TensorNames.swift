/// The names of a family's tensors in Hugging Face files.
package struct TensorNames: Sendable {
    /// The text before every name in a file whose model has a head; files of the encoder alone leave it out.
    package let prefix: String
    /// The text before a layer's number.
    package let layers: String
    /// The table of word embeddings, which every family has.
    let words: String
    private let positions: String
    private let segments, distances: String?
    /// By site; names of layers' modules exclude the layer's number and all before it.
    private let modules: [Site: String]
    /// The endings that old files have in place of today's.
    let formerEndings: [String: String]

    /// Pass nil for an embedding table that the family lacks, and leave out its site if it lacks a pooler or
    /// a projection of the embeddings.
    package init(
        prefix: String, words: String, positions: String, segments: String?, distances: String? = nil,
        layers: String, modules: [Site: String], formerEndings: [String: String] = formerNormEndings
    ) {
        self.prefix = prefix
        self.layers = layers
        self.modules = modules
        self.formerEndings = formerEndings
        self.words = words
        self.positions = positions
        self.segments = segments
        self.distances = distances
    }

    /// The endings of LayerNorms in files that began as TensorFlow's.
    package static let formerNormEndings = [
        "LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta",
    ]

    /// The names that BERT and its kin share, with other modules beside those of layers.
    static func likeBERT(prefix: String, other modules: [Site: String]) -> TensorNames {
        let own: [Site: String] = [
            .embeddingNorm: "embeddings.LayerNorm", .query: "attention.self.query",
            .key: "attention.self.key", .value: "attention.self.value",
            .projection: "attention.output.dense", .attentionNorm: "attention.output.LayerNorm",
            .intermediate: "intermediate.dense", .output: "output.dense", .outputNorm: "output.LayerNorm",
        ]
        return TensorNames(
            prefix: prefix, words: "embeddings.word_embeddings.weight",
            positions: "embeddings.position_embeddings.weight",
            segments: "embeddings.token_type_embeddings.weight", layers: "encoder.layer.",
            modules: own.merging(modules) { $1 })
    }

    /// The tensor of an embedding table; nil if the family has no such table.
    package func table(_ table: EmbeddingTable) -> String? {
        switch table {
        case .words: words
        case .positions: positions
        case .segments: segments
        case .distances: distances
        }
    }

    /// The module at a linear or norm site, which has a `weight` and a `bias`; nil for other sites.
    package func module(at site: LayerSite) -> String? {
        guard let module = modules[site.site] else { return nil }
        return Site.ofLayers.contains(site.site) ? "\(layers)\(site.layer).\(module)" : module
    }

    /// The pooler's module; nil if the family has none.
    package var pooler: String? { modules[.pooler] }
}
