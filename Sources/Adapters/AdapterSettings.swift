import Diagnostics
package import Formats
import Foundation

/// The `adapter` section of a study: `method` and that method's own keys, or a list of such sections.
package struct AdapterSettings: Sendable, Codable {
    /// The method with its settings.
    package let method: any AdapterMethod

    private enum CodingKeys: String, CodingKey { case method }

    package init(_ method: any AdapterMethod) { self.method = method }

    /// Reads a section from JSON, such as an adapter's configuration.
    package init(json section: JSONValue) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(section.encoded().utf8))
    }

    /// Reads `method`, then lets that method read its keys.
    package init(from decoder: any Decoder) throws {
        if (try? decoder.unkeyedContainer()) != nil {
            method = try Stack(from: decoder)
            return
        }
        let place = keyPath(decoder.codingPath + [CodingKeys.method])
        let allowed = "allowed: \(Self.names.joined(separator: ", "))"
        guard let container = try? decoder.container(keyedBy: CodingKeys.self), container.contains(.method)
        else {
            throw Failure.usage("missing key 'method'", at: place, remedy: allowed)
        }
        guard let name = try? container.decode(String.self, forKey: .method) else {
            throw Failure.usage("expected a method's name", at: place, remedy: allowed)
        }
        guard let type = AdapterTable.method(named: name) else {
            throw Failure.usage(
                "unknown method '\(name)'", at: place, remedy: didYouMean(name, among: Self.names))
        }
        method = try type.init(from: decoder)
    }

    /// Writes `method` and the method's keys.
    package func encode(to encoder: any Encoder) throws {
        if !(method is Stack) {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(type(of: method).name, forKey: .method)
        }
        try method.encode(to: encoder)
    }

    private static var names: [String] { AdapterTable.all.map { $0.name } }
}
