import Diagnostics
import Formats
import Foundation
package import Kernels

/// The shape of a backbone, from its folder's `config.json`.
///
/// Keys that do not affect the forward pass are ignored, as in Hugging Face's own loaders.
package struct EncoderConfiguration: Sendable, Equatable {
    package let family: EncoderFamily
    /// d, the width of the hidden states.
    package let hidden: Int
    /// e, the width of the embeddings; d in most backbones.
    package let embedding: Int
    /// L, the number of layers.
    package let layers: Int
    /// The number of attention heads in a layer.
    package let heads: Int
    /// f, the width of the feed-forward layer.
    package let intermediate: Int
    /// The nonlinearity of the feed-forward layer.
    package let activation: Activation
    /// The number of token ids.
    package let vocabulary: Int
    /// The rows of the position table.
    let positionRows: Int
    /// The id of padding, after which positions begin; nil if they begin at 0.
    package let paddingId: Int?
    /// The number of segment ids; nil in families without segment embeddings.
    package let segments: Int?
    /// ε of every LayerNorm.
    package let layerNormEpsilon: Float

    /// The width of one attention head.
    package var headWidth: Int { hidden / heads }

    /// The length of the longest input.
    package var positions: Int { positionRows - (paddingId.map { $0 + 1 } ?? 0) }

    /// Reads `config.json` in the folder of a backbone of one of the families.
    package init(directory: String, families: [EncoderFamily] = EncoderFamily.all) throws {
        let path = "\(directory)/config.json"
        try BackboneReference.requireFolder(directory)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data(
                "no readable config.json", at: path,
                remedy:
                    "a backbone is a Hugging Face folder with config.json, model.safetensors and a tokenizer")
        }
        let object = try JSONValue(parsing: data, at: path)
        guard object.object != nil else { throw Failure.data("is not a JSON object", at: path) }
        try self.init(JSONSection(object, at: path), families)
    }

    private init(_ file: JSONSection, _ families: [EncoderFamily]) throws {
        try file.requireEncoder()
        family = try file.family(among: families)
        let keys = family.keys
        try file.refuse(family.refused)
        for setting in keys.fixed { try file.require(setting) }
        hidden = try file.count(keys.hidden)
        layers = try file.count(keys.layers, atMost: 1 << 12)
        heads = try file.count(keys.heads)
        intermediate = try file.count(keys.intermediate)
        vocabulary = try file.count(keys.vocabulary)
        embedding = try keys.embedding.map { try file.count($0) } ?? hidden
        activation = try file.activation(keys.activation)
        switch family.positions {
        case .fromZero: paddingId = nil
        case .afterPadding(let id): paddingId = try file.count(id, atLeast: 0)
        }
        positionRows = try file.count(keys.positions, atLeast: (paddingId ?? -1) + 2)
        segments = try keys.segments.map { try file.count($0) }
        guard hidden % heads == 0 else {
            throw file.failure(
                "'\(keys.hidden)' \(hidden) is not divisible by '\(keys.heads)' \(heads)")
        }
        layerNormEpsilon = try file.epsilon(keys.layerNormEpsilon)
    }

    /// The number of the backbone's parameters, pooler included.
    package var parameterCount: Int {
        let tables = EmbeddingTable.allCases.compactMap { shape(of: $0) }.reduce(0) { $0 + $1.count }
        let maps = Site.linears.compactMap { site in
            shape(ofLinear: site).map { ($0.count + $0.rows) * count(of: site) }
        }
        let norms = Site.norms.map { 2 * width(ofNorm: $0) * count(of: $0) }
        return tables + maps.reduce(0, +) + norms.reduce(0, +)
    }

    /// How many places have the site.
    private func count(of site: Site) -> Int { Site.ofLayers.contains(site) ? layers : 1 }

    /// Floating-point operations of the frozen forward for each token of a sequence of `tokens`.
    ///
    /// Only products count, of the linear maps and of attention; a multiplication with its addition counts as
    /// two.
    package func forwardOperations(tokens: Int) -> Double {
        let (d, f) = (Double(hidden), Double(intermediate))
        let projection = embedding == hidden ? 0 : 2 * Double(embedding) * d
        return projection + Double(layers) * (8 * d * d + 4 * d * f + 4 * Double(tokens) * d)
    }
}
