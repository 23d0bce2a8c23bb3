/// The names of a family's tensors in Hugging Face files.
package struct TensorNames: Sendable {
    /// The text before every name in a file whose model has a head; files of the encoder alone leave it out.
    package let prefix: String
    /// The text before a layer's number.
    package let layers: String
    /// The table of word embeddings, which every family has.
    let words: String
    private let positions: String
    private let segments: String?
    /// By site; names of layers' modules exclude the layer's number and all before it.
    private let modules: [Site: String]
    /// The endings that old files have in place of today's.
    let formerEndings: [String: String]

    /// A family without segment embeddings has no name for them, one without a pooler no module at its site.
    package init(
        prefix: String, words: String, positions: String, segments: String?, layers: String,
        modules: [Site: String], formerEndings: [String: String] = [:]
    ) {
        self.prefix = prefix
        self.layers = layers
        self.modules = modules
        self.formerEndings = formerEndings
        self.words = words
        self.positions = positions
        self.segments = segments
    }

    /// The tensor of an embedding table; nil if the family has no such table.
    package func table(_ table: EmbeddingTable) -> String? {
        switch table {
        case .words: words
        case .positions: positions
        case .segments: segments
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
