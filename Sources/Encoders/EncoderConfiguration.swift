import Diagnostics
import Formats
import Foundation

/// The shape of a backbone, from its folder's `config.json`.
///
/// Keys that say nothing about the forward pass are ignored, as Hugging Face's own loaders do.
package struct EncoderConfiguration: Sendable, Equatable {
    /// The family's name in `model_type`.
    package let family: String
    /// d, the width of the hidden states.
    package let hidden: Int
    /// L, how many layers there are.
    package let layers: Int
    /// How many attention heads a layer has.
    package let heads: Int
    /// f, the width of the feed-forward layer.
    package let intermediate: Int
    /// How many token ids there are.
    package let vocabulary: Int
    /// How many positions have an embedding: the longest input.
    package let positions: Int
    /// How many segment ids there are.
    package let segments: Int
    /// ε of every LayerNorm.
    package let layerNormEpsilon: Float

    /// The width of one attention head.
    package var headWidth: Int { hidden / heads }

    /// Reads `config.json` in a folder.
    package init(directory: String) throws {
        let path = "\(directory)/config.json"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data(
                "no readable config.json", at: path,
                remedy:
                    "a backbone is a Hugging Face folder with config.json, model.safetensors and a tokenizer")
        }
        let object = try JSONValue(parsing: data, at: path)
        guard object.object != nil else { throw Failure.data("is not a JSON object", at: path) }
        try self.init(object, at: path)
    }

    private init(_ object: JSONValue, at path: String) throws {
        // The limits keep products of sizes within 63 bits, whatever the file says.
        func whole(_ key: String, default fallback: Int? = nil, atMost limit: Int = 1 << 20) throws -> Int {
            guard let found = object[key] else {
                if let fallback { return fallback }
                throw Failure.data("'\(key)' is missing", at: path)
            }
            guard let number = found.int, (1...limit).contains(number) else {
                throw Failure.data(
                    "'\(key)' is \(found.encoded()), expected a whole number from 1 to \(limit)", at: path)
            }
            return number
        }
        func require(
            _ key: String, _ expected: String, default fallback: String? = nil, remedy: String? = nil
        ) throws {
            guard let found = object[key] ?? fallback.map(JSONValue.string) else {
                throw Failure.data("'\(key)' is missing, expected \"\(expected)\"", at: path, remedy: remedy)
            }
            guard found.string == expected else {
                throw Failure.data(
                    "'\(key)' is \(found.encoded()), expected \"\(expected)\"", at: path, remedy: remedy)
            }
        }
        // A decoder masks what comes later, and cross-attention reads another model: neither is computed here.
        for key in ["is_decoder", "add_cross_attention"] where object[key].map({ $0 != false }) ?? false {
            throw Failure.data(
                "'\(key)' is \(object[key]?.encoded() ?? ""), expected false", at: path,
                remedy: "a backbone is an encoder; use one that was pretrained as such")
        }
        family = "bert"
        try require("model_type", family, remedy: "use a backbone of the BERT family")
        try require("hidden_act", "gelu", default: "gelu", remedy: "only the erf form of GELU is known")
        try require("position_embedding_type", "absolute", default: "absolute")
        hidden = try whole("hidden_size")
        layers = try whole("num_hidden_layers", atMost: 1 << 12)
        heads = try whole("num_attention_heads")
        intermediate = try whole("intermediate_size")
        vocabulary = try whole("vocab_size")
        positions = try whole("max_position_embeddings")
        segments = try whole("type_vocab_size", default: 2)
        guard hidden % heads == 0 else {
            throw Failure.data(
                "'hidden_size' \(hidden) is not divisible by 'num_attention_heads' \(heads)", at: path)
        }
        let epsilon = object["layer_norm_eps"] ?? 1e-12
        // A double below the smallest float would become zero.
        guard let number = epsilon.double.map({ Float($0) }), number > 0, number < 1 else {
            throw Failure.data(
                "'layer_norm_eps' is \(epsilon.encoded()), expected a small positive number", at: path)
        }
        layerNormEpsilon = number
    }

    /// How many numbers the backbone has, pooler included.
    package var parameterCount: Int {
        let layer =
            4 * (hidden * hidden + hidden) + 2 * hidden * intermediate + intermediate + hidden + 4 * hidden
        return (vocabulary + positions + segments + 2) * hidden + layers * layer + hidden * hidden + hidden
    }

    /// Floating-point operations of the frozen forward for each token of a sequence of `tokens`.
    ///
    /// Products only, a multiplication with its addition counted as two: the linear maps and both of attention's.
    package func forwardOperations(tokens: Int) -> Double {
        let (d, f) = (Double(hidden), Double(intermediate))
        return Double(layers) * (8 * d * d + 4 * d * f + 4 * Double(tokens) * d)
    }
}
