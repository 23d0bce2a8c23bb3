import Diagnostics
import Formats

/// A run's identity as a list of keys, such as `study.batch.examples`, with the text of each value.
struct StudyKeys: Sendable {
    private let values: NamedValues<String>

    init(_ identity: JSONValue?) { values = NamedValues(identity.map { Self.flatten($0, "") } ?? []) }

    private init(_ values: NamedValues<String>) { self.values = values }

    /// The text of each key's value.
    var byKey: [String: String] {
        Dictionary(values.entries.map { ($0.name, $0.value) }) { first, _ in first }
    }

    private static func flatten(_ value: JSONValue, _ path: String) -> [(String, String)] {
        guard let members = value.object, !members.isEmpty else {
            return [(path, value.string ?? value.encoded())]
        }
        return members.flatMap { flatten($1, path.isEmpty ? $0 : "\(path).\($0)") }
    }

    /// The keys but for the seed, which runs of one study do not have in common.
    var withoutSeed: StudyKeys {
        let kept = values.entries.filter { $0.name != "study.seed" }
        return StudyKeys(NamedValues(kept.map { ($0.name, $0.value) }))
    }

    /// A row for each key, with a column for each run; of several runs only the keys whose values differ.
    static func table(_ runs: [(name: String, keys: StudyKeys)]) -> TextTable? {
        let names = runs.flatMap(\.keys.values.names).distinct
        let columns = runs.map(\.keys.byKey)
        let rows = names.map { name in [name] + columns.map { $0[name] ?? "–" } }
        let shown = runs.count > 1 ? rows.filter { Set($0.dropFirst()).count > 1 } : rows
        return shown.isEmpty ? nil : TextTable([["key"] + runs.map(\.name)] + shown)
    }
}
