import Diagnostics
package import Formats

/// The `adapter` section of a study: `method` and that method's own keys, a method's name alone, or a list of
/// such sections.
package struct AdapterSettings: Sendable, Codable {
    /// The method with its settings.
    package let method: any AdapterMethod

    private enum CodingKeys: String, CodingKey { case method }

    /// The names that other software has for `method`.
    private static let otherNames: Set<String> = ["adapter_type", "name", "peft_type", "type"]

    package init(_ method: any AdapterMethod) { self.method = method }

    /// Reads a section from JSON, such as an adapter's configuration.
    package init(json section: JSONValue) throws {
        self = try section.decoded { .usage("expected another kind of value", at: $0) }
    }

    /// Reads `method`, then lets that method read its keys.
    package init(from decoder: any Decoder) throws {
        if (try? decoder.unkeyedContainer()) != nil {
            method = try Stack(from: decoder)
            return
        }
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            method = try Self.withDefaults(
                try Self.method(named: name, decoder, at: decoder.codingPath), decoder)
            return
        }
        let place = decoder.codingPath + [CodingKeys.method]
        let allowed = "allowed: \(AdapterTable.methods.names.joined(separator: ", "))"
        guard let container = try? decoder.container(keyedBy: CodingKeys.self), container.contains(.method)
        else {
            let keys = (try? decoder.container(keyedBy: NameKey.self))?.allKeys.map(\.stringValue) ?? []
            if let key = keys.sorted().first(where: Self.otherNames.contains) {
                throw Failure.usage(
                    "unknown key '\(key)'", at: keyPath(decoder.codingPath + [NameKey(key)]),
                    remedy: "the key is method; \(allowed)")
            }
            let joined = keys.first { $0.hasPrefix("method:") }.map { $0.dropFirst("method:".count) }
            throw Failure.usage(
                "missing key 'method'", at: keyPath(place),
                remedy: joined.map { "a space is missing: write method: \($0)" } ?? allowed)
        }
        guard let name = try? container.decode(String.self, forKey: .method) else {
            throw Failure.usage("expected a method's name", at: keyPath(place), remedy: allowed)
        }
        method = try Self.method(named: name, decoder, at: place).init(from: decoder)
    }

    private static func method(
        named name: String, _ decoder: any Decoder, at place: [any CodingKey]
    ) throws -> any AdapterMethod.Type {
        if let type = AdapterTable.method(named: name) { return type }
        throw AdapterTable.methods.unknown(name, decoder, at: place)
    }

    /// The method with its defaults, for a study that gives its name alone; fails at a required key.
    private static func withDefaults(
        _ type: any AdapterMethod.Type, _ decoder: any Decoder
    ) throws -> any AdapterMethod {
        do {
            return try AdapterSettings(json: ["method": .string(type.name)]).method
        } catch let failure as Failure {
            let place = [keyPath(decoder.codingPath), failure.location ?? ""].filter { !$0.isEmpty }
            throw failure.at(place.joined(separator: "."))
        }
    }

    /// Writes `method` and the method's keys.
    package func encode(to encoder: any Encoder) throws {
        if !(method is Stack) {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(type(of: method).name, forKey: .method)
        }
        try method.encode(to: encoder)
    }
}
