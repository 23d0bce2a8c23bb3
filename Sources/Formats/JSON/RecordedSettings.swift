/// Settings as a file has them, of any keys, for comparing and showing them.
package struct RecordedSettings: Codable, Sendable, Equatable {
    /// A key whose values differ.
    package struct Difference {
        package let path, saved, current: String
    }

    private let json: JSONValue

    private init(json: JSONValue) { self.json = json }

    /// The settings of a structure with sorted keys, so that equal ones give equal text.
    package init(_ structure: any Encodable) throws { json = try JSONValue(encoding: structure).canonical }

    package init(from decoder: any Decoder) throws { json = try JSONValue(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// The value of a key; nil if it is absent or null.
    package subscript(key: String) -> RecordedSettings? {
        json[key].flatMap { $0.isNull ? nil : RecordedSettings(json: $0) }
    }

    /// The keys with their values.
    package var members: NamedValues<RecordedSettings> {
        NamedValues((json.object ?? []).map { ($0, RecordedSettings(json: $1)) })
    }

    /// The elements of a list; nil for other settings.
    package var list: [RecordedSettings]? { json.array?.map { RecordedSettings(json: $0) } }

    /// JSON on one line.
    package var encoded: String { json.encoded() }

    /// The text of a single value; JSON of several.
    package var text: String { json.string ?? encoded }

    /// The text of each value by its path of keys below `path`, such as `study.batch.examples`.
    package func texts(below path: String = "") -> [(String, String)] {
        guard let members = json.object, !members.isEmpty else { return [(path, text)] }
        return members.flatMap { key, value in
            RecordedSettings(json: value).texts(below: path.isEmpty ? key : "\(path).\(key)")
        }
    }

    /// The settings of the included top-level keys.
    package func filtered(_ isIncluded: (String) -> Bool) -> RecordedSettings {
        RecordedSettings(json: .object((json.object ?? []).filter { isIncluded($0.0) }))
    }

    /// The keys whose values differ, in alphabetical order; an absent value is null.
    package func differences(from current: RecordedSettings) -> [Difference] {
        Self.differences(json, current.json, at: "")
    }

    private static func differences(
        _ saved: JSONValue, _ current: JSONValue, at path: String
    ) -> [Difference] {
        if saved == current { return [] }
        guard let old = saved.object, let new = current.object else {
            func words(_ value: JSONValue) -> String { value.isNull ? "not set" : value.encoded() }
            return [Difference(path: path, saved: words(saved), current: words(current))]
        }
        let keys = Set(old.map(\.0)).union(new.map(\.0)).sorted()
        return keys.flatMap { key in
            differences(saved[key] ?? .null, current[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
        }
    }
}
