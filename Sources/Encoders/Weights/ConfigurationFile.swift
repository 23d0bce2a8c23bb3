import Diagnostics
import Formats
import Kernels

/// The settings of a config.json.
struct ConfigurationFile {
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

    /// Reads a whole number that may be absent, or is the same for all of a family's models.
    func count(_ key: ConfigurationKeys.Key<Int>, atLeast least: Int = 1) throws -> Int {
        guard let name = key.name else { return key.fallback }
        return try count(name, default: key.fallback, atLeast: least)
    }

    /// Reads the nonlinearity of the feed-forward layer: GELU if there is none, as in `transformers`.
    func activation(_ key: String) throws -> Activation {
        guard let found = object[key] else { return .gelu }
        guard let activation = found.string.flatMap({ Activation(configurationName: $0) }) else {
            let names = Activation.configurationNames.map { "\"\($0)\"" }
            throw Failure.data(
                "'\(key)' is \(found.encoded()), expected one of \(names.joined(separator: ", "))", at: path,
                remedy: "use a backbone with one of these activations")
        }
        return activation
    }

    func epsilon(_ key: ConfigurationKeys.Key<Double>) throws -> Float {
        guard let name = key.name else { return Float(key.fallback) }
        let found = object[name] ?? .number(key.fallback)
        // A double below the smallest float would become zero.
        guard let number = found.double.map({ Float($0) }), number > 0, number < 1 else {
            throw Failure.data(
                "'\(name)' is \(found.encoded()), expected a small positive number", at: path)
        }
        return number
    }

    func require(_ setting: ConfigurationKeys.FixedSetting) throws {
        let expected: JSONValue =
            switch setting.value {
            case .text(let text): .string(text)
            case .number(let number): .integer(number)
            }
        guard let found = object[setting.name], found != expected else { return }
        throw Failure.data(
            "'\(setting.name)' is \(found.encoded()), expected \(expected.encoded())", at: path,
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

    /// Refuses another model than the encoder of the family's name.
    func refuse(_ models: [RefusedModel]) throws {
        let found = object["architectures"]?.array?.compactMap(\.string) ?? []
        for model in models {
            guard let name = model.architectures.first(where: found.contains) else { continue }
            throw Failure.data("'architectures' has \(name): \(model.title)", at: path, remedy: model.remedy)
        }
    }

    func family(among families: [EncoderFamily]) throws -> EncoderFamily {
        let found = object["model_type"]
        if let family = families.first(where: { $0.name == found?.string }) { return family }
        let names = families.map { "\"\($0.name)\"" }.joined(separator: ", ")
        throw Failure.data(
            "'model_type' is \(found?.encoded() ?? "missing"), expected one of \(names)", at: path,
            remedy: "use a backbone of one of these families: "
                + families.filter(\.hasReadableTokenizer).map(\.title).joined(separator: ", "))
    }
}
