import Diagnostics

/// An ordered dictionary with few entries, encoded as a JSON object.
package struct NamedValues<Value> {
    package struct Entry {
        package let name: String
        package let value: Value
    }

    package let entries: [Entry]

    package init(_ entries: some Sequence<(String, Value)>) {
        self.entries = entries.map { Entry(name: $0, value: $1) }
    }

    package subscript(name: String) -> Value? { entries.first { $0.name == name }?.value }

    package var names: [String] { entries.map(\.name) }
    package var values: [Value] { entries.map(\.value) }
}

extension NamedValues.Entry: Sendable where Value: Sendable {}
extension NamedValues.Entry: Equatable where Value: Equatable {}
extension NamedValues: Sendable where Value: Sendable {}
extension NamedValues: Equatable where Value: Equatable {}

extension NamedValues: Encodable where Value: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        for entry in entries { try container.encode(entry.value, forKey: NameKey(entry.name)) }
    }
}

extension NamedValues: Decodable where Value: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NameKey.self)
        self.init(
            try container.allKeys.map { ($0.stringValue, try container.decode(Value.self, forKey: $0)) })
    }
}
