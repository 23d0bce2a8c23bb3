import Formats
import Kernels

/// The settings of a config.json.
extension JSONSection {
    /// Reads a whole number; its limits keep products of sizes within 63 bits.
    func count(
        _ key: String, default fallback: Int? = nil, atLeast least: Int = 1, atMost most: Int = 1 << 20
    ) throws -> Int {
        if object[key] == nil, let fallback { return fallback }
        return try required(key, "a whole number from \(least) to \(most)") {
            $0.int.flatMap { (least...most).contains($0) ? $0 : nil }
        }
    }

    /// Reads a whole number that may be absent, or is the same for all of a family's models.
    func count(_ key: ConfigurationKeys.Key<Int>, atLeast least: Int = 1) throws -> Int {
        guard let name = key.name else { return key.fallback }
        return try count(name, default: key.fallback, atLeast: least)
    }

    /// Reads the nonlinearity of the feed-forward layer: GELU if there is none, as in `transformers`.
    func activation(_ key: String) throws -> Activation {
        if object[key] == nil { return .gelu }
        let names = Activation.configurationNames.map { "\"\($0)\"" }.joined(separator: ", ")
        return try required(
            key, "one of \(names)", remedy: "use a backbone with one of these activations"
        ) { $0.string.flatMap { Activation(configurationName: $0) } }
    }

    func epsilon(_ key: ConfigurationKeys.Key<Double>) throws -> Float {
        guard let name = key.name, object[name] != nil else { return Float(key.fallback) }
        return try required(name, "a small positive number") {
            // A double below the smallest float would become zero.
            $0.double.map { Float($0) }.flatMap { $0 > 0 && $0 < 1 ? $0 : nil }
        }
    }

    func require(_ setting: ConfigurationKeys.FixedSetting) throws {
        let expected: JSONValue =
            switch setting.value {
            case .text(let text): .string(text)
            case .number(let number): .integer(number)
            }
        try require(setting.name, expected, remedy: setting.remedy)
    }

    /// Refuses a decoder, which masks later tokens, and cross-attention, which reads another model.
    func requireEncoder() throws {
        for key in ["is_decoder", "add_cross_attention"] {
            try require(
                key, false, remedy: "a backbone is an encoder; use one that was pretrained as such")
        }
    }

    /// Refuses another value of a key than this one; an absent key is accepted.
    private func require(_ key: String, _ value: JSONValue, remedy: String?) throws {
        if object[key] == nil { return }
        try required(key, value.encoded(), remedy: remedy) { $0 == value ? () : nil }
    }

    /// Refuses another model than the encoder of the family's name.
    func refuse(_ models: [RefusedModel]) throws {
        let found = object["architectures"]?.array?.compactMap(\.string) ?? []
        for model in models {
            guard let name = model.architectures.first(where: found.contains) else { continue }
            throw failure("'architectures' has \(name): \(model.title)", remedy: model.remedy)
        }
    }

    func family(among families: [EncoderFamily]) throws -> EncoderFamily {
        let found = object["model_type"]
        if let family = families.first(where: { $0.name == found?.string }) { return family }
        let names = families.map { "\"\($0.name)\"" }.joined(separator: ", ")
        throw failure(
            "'model_type' is \(found?.encoded() ?? "missing"), expected one of \(names)",
            remedy: "use a backbone of one of these families: "
                + families.filter(\.hasReadableTokenizer).map(\.title).joined(separator: ", "))
    }
}
