import Formats
import Studies

/// All settings of a study by key, defaults included, for comparing ranks, runs and adapters.
package struct StudySettings: Codable, Sendable, Equatable {
    struct Difference {
        let path, saved, current: String
    }

    private let json: JSONValue

    init(_ study: Study) throws { json = try JSONValue(encoding: study).canonical }

    private init(_ json: JSONValue) { self.json = json }

    package init(from decoder: any Decoder) throws { json = try JSONValue(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// The settings of the included top-level keys.
    func filtered(_ isIncluded: (String) -> Bool) -> StudySettings {
        StudySettings(.object((json.object ?? []).filter { isIncluded($0.0) }))
    }

    /// The keys whose values differ, in alphabetical order.
    func differences(from current: StudySettings) -> [Difference] {
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
