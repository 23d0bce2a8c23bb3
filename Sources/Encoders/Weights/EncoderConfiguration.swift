import Diagnostics
import Formats
import Foundation

/// The shape of a backbone, from its folder's `config.json`.
///
/// Keys that do not affect the forward pass are ignored, as in Hugging Face's own loaders.
package struct EncoderConfiguration: Sendable, Equatable {
    package let family: EncoderFamily
    /// d, the width of the hidden states.
    package let hidden: Int
    /// L, the number of layers.
    package let layers: Int
    /// The number of attention heads in a layer.
    package let heads: Int
    /// f, the width of the feed-forward layer.
    package let intermediate: Int
    /// The number of token ids.
    package let vocabulary: Int
    /// The rows of the position table.
    let positionRows: Int
    /// The number of segment ids; nil in families without segment embeddings.
    package let segments: Int?
    /// ε of every LayerNorm.
    package let layerNormEpsilon: Float

    /// The width of one attention head.
    package var headWidth: Int { hidden / heads }

    /// The length of the longest input.
    package var positions: Int { positionRows - family.positionOffset }

    /// Reads `config.json` in the folder of a backbone of one of the families.
    package init(directory: String, families: [EncoderFamily] = EncoderFamily.all) throws {
        let path = "\(directory)/config.json"
        guard FileManager.default.fileExists(atPath: directory) else {
            // Such as bert-base-uncased or sentence-transformers/all-MiniLM-L6-v2.
            let isHubName = directory.wholeMatch(of: /[\w-][\w.-]*(\/[\w.-]+)?/) != nil
            let name = isHubName ? directory : "NAME"
            throw Failure.data(
                "no such folder", at: directory,
                remedy: "Hub names are not downloaded: huggingface-cli download \(name) --local-dir "
                    + "models/\(name), or launch/fetch encoder")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.data(
                "no readable config.json", at: path,
                remedy:
                    "a backbone is a Hugging Face folder with config.json, model.safetensors and a tokenizer")
        }
        let object = try JSONValue(parsing: data, at: path)
        guard object.object != nil else { throw Failure.data("is not a JSON object", at: path) }
        try self.init(ConfigurationFile(object: object, path: path), families)
    }

    private init(_ file: ConfigurationFile, _ families: [EncoderFamily]) throws {
        try file.requireEncoder()
        family = try file.family(among: families)
        let keys = family.keys
        for setting in keys.fixed { try file.require(setting) }
        hidden = try file.count(keys.hidden)
        layers = try file.count(keys.layers, atMost: 1 << 12)
        heads = try file.count(keys.heads)
        intermediate = try file.count(keys.intermediate)
        vocabulary = try file.count(keys.vocabulary)
        positionRows = try file.count(keys.positions, atLeast: 1 + family.positionOffset)
        segments = try keys.segments.map { try file.count($0.name, default: $0.fallback) }
        guard hidden % heads == 0 else {
            throw Failure.data(
                "'\(keys.hidden)' \(hidden) is not divisible by '\(keys.heads)' \(heads)", at: file.path)
        }
        layerNormEpsilon = try file.epsilon(keys.layerNormEpsilon)
    }

    /// The number of the backbone's parameters, pooler included.
    package var parameterCount: Int {
        func map(_ input: Int, _ output: Int) -> Int { input * output + output }
        let norm = 2 * hidden
        let layer =
            4 * map(hidden, hidden) + map(hidden, intermediate) + map(intermediate, hidden) + 2 * norm
        let embeddings = (vocabulary + positionRows + (segments ?? 0)) * hidden + norm
        return embeddings + layers * layer + (family.tensors.pooler == nil ? 0 : map(hidden, hidden))
    }

    /// Floating-point operations of the frozen forward for each token of a sequence of `tokens`.
    ///
    /// Only products count, of the linear maps and of attention; a multiplication with its addition counts as
    /// two.
    package func forwardOperations(tokens: Int) -> Double {
        let (d, f) = (Double(hidden), Double(intermediate))
        return Double(layers) * (8 * d * d + 4 * d * f + 4 * Double(tokens) * d)
    }
}

/// The settings of a config.json.
private struct ConfigurationFile {
    let object: JSONValue
    let path: String

    /// Reads a whole number; its limits keep products of sizes within 63 bits.
    func count(
        _ key: String, default fallback: Int? = nil, atLeast least: Int = 1, atMost most: Int = 1 << 20
    ) throws -> Int {
        guard let found = object[key] else {
            if let fallback { return fallback }
            throw Failure.data("'\(key)' is missing", at: path)
        }
        guard let number = found.int, (least...most).contains(number) else {
            throw Failure.data(
                "'\(key)' is \(found.encoded()), expected a whole number from \(least) to \(most)", at: path)
        }
        return number
    }

    func epsilon(_ key: ConfigurationKeys.Key<Double>) throws -> Float {
        let found = object[key.name] ?? .number(key.fallback)
        // A double below the smallest float would become zero.
        guard let number = found.double.map({ Float($0) }), number > 0, number < 1 else {
            throw Failure.data(
                "'\(key.name)' is \(found.encoded()), expected a small positive number", at: path)
        }
        return number
    }

    func require(_ setting: ConfigurationKeys.FixedSetting) throws {
        guard let found = object[setting.name], found.string != setting.value else { return }
        throw Failure.data(
            "'\(setting.name)' is \(found.encoded()), expected \"\(setting.value)\"", at: path,
            remedy: setting.remedy)
    }

    /// Refuses a decoder, which masks later tokens, and cross-attention, which reads another model.
    func requireEncoder() throws {
        for key in ["is_decoder", "add_cross_attention"] where object[key].map({ $0 != false }) ?? false {
            throw Failure.data(
                "'\(key)' is \(object[key]?.encoded() ?? ""), expected false", at: path,
                remedy: "a backbone is an encoder; use one that was pretrained as such")
        }
    }

    func family(among families: [EncoderFamily]) throws -> EncoderFamily {
        let found = object["model_type"]
        if let family = families.first(where: { $0.name == found?.string }) { return family }
        let names = families.map { "\"\($0.name)\"" }.joined(separator: " or ")
        throw Failure.data(
            "'model_type' is \(found?.encoded() ?? "missing"), expected \(names)", at: path,
            remedy: "use a backbone of the \(families.map(\.title).joined(separator: " or ")) family")
    }
}
