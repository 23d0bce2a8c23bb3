import Diagnostics
import Formats
import Runs

/// A run's identity as a list of keys, such as `study.batch.examples`, with the text of each value.
struct StudyKeys: Sendable, Equatable {
    private let values: NamedValues<String>

    /// The keys of an identity, and those of the record of a merge.
    init(_ identity: RecordedSettings?, merged: MergeRecord? = nil) throws {
        let record = try merged.map { try RecordedSettings($0).texts(below: "merged") }
        values = NamedValues((identity?.texts() ?? []) + (record ?? []))
    }

    private init(_ values: NamedValues<String>) { self.values = values }

    /// The text of each key's value.
    var byKey: [String: String] {
        Dictionary(values.entries.map { ($0.name, $0.value) }) { first, _ in first }
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
