import Diagnostics
import Foundation

/// The shape of a backbone, from its folder's `config.json`.
///
/// Keys that say nothing about the forward pass are ignored, as Hugging Face's own loaders do.
public struct EncoderConfiguration: Sendable, Equatable {
    /// The family's name in `model_type`.
    public let family: String
    /// d, the width of the hidden states.
    public let hidden: Int
    /// L, how many layers there are.
    public let layers: Int
    /// How many attention heads a layer has.
    public let heads: Int
    /// f, the width of the feed-forward layer.
    public let intermediate: Int
    /// How many token ids there are.
    public let vocabulary: Int
    /// How many positions have an embedding: the longest input.
    public let positions: Int
    /// How many segment ids there are.
    public let segments: Int
    /// ε of every LayerNorm.
    public let layerNormEpsilon: Float

    /// The width of one attention head.
    public var headWidth: Int { hidden / heads }

    /// Reads `config.json` in a folder.
    public init(directory: String) throws {
        let path = "\(directory)/config.json"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data(
                "no readable config.json", at: path,
                remedy:
                    "a backbone is a Hugging Face folder with config.json, model.safetensors and a tokenizer")
        }
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw Failure.data("is not a JSON object", at: path)
        }
        try self.init(object, at: path)
    }

    private init(_ object: [String: Any], at path: String) throws {
        func whole(_ key: String, default fallback: Int? = nil) throws -> Int {
            guard let found = object[key] else {
                if let fallback { return fallback }
                throw Failure.data("'\(key)' is missing", at: path)
            }
            guard let number = found as? Int, number > 0, number < 1 << 30 else {
                throw Failure.data("'\(key)' is \(found), expected a positive whole number", at: path)
            }
            return number
        }
        family = object["model_type"] as? String ?? ""
        guard family == "bert" else {
            throw Failure.data(
                "'model_type' is '\(family)', expected 'bert'", at: path,
                remedy: "use a backbone of the BERT family")
        }
        let activation = object["hidden_act"] as? String ?? "gelu"
        guard activation == "gelu" else {
            throw Failure.data("'hidden_act' is '\(activation)', expected 'gelu' (the erf form)", at: path)
        }
        let positionType = object["position_embedding_type"] as? String ?? "absolute"
        guard positionType == "absolute" else {
            throw Failure.data(
                "'position_embedding_type' is '\(positionType)', expected 'absolute'", at: path)
        }
        hidden = try whole("hidden_size")
        layers = try whole("num_hidden_layers")
        heads = try whole("num_attention_heads")
        intermediate = try whole("intermediate_size")
        vocabulary = try whole("vocab_size")
        positions = try whole("max_position_embeddings")
        segments = try whole("type_vocab_size", default: 2)
        guard hidden % heads == 0 else {
            throw Failure.data(
                "'hidden_size' \(hidden) is not divisible by 'num_attention_heads' \(heads)", at: path)
        }
        let epsilon = (object["layer_norm_eps"] as? Double) ?? 1e-12
        guard epsilon > 0, epsilon < 1 else {
            throw Failure.data("'layer_norm_eps' is \(epsilon), expected a small positive number", at: path)
        }
        layerNormEpsilon = Float(epsilon)
    }

    /// How many numbers the backbone has, pooler included.
    public var parameterCount: Int {
        let layer =
            4 * (hidden * hidden + hidden) + 2 * hidden * intermediate + intermediate + hidden + 4 * hidden
        return (vocabulary + positions + segments + 2) * hidden + layers * layer + hidden * hidden + hidden
    }
}
