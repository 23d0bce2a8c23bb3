package import Formats
package import Runs

/// The trials of a sweep as a table: the finished ones by score, then those left behind, then the failed.
package struct SweepTable: Sendable {
    private let results: SweepResults

    package init(_ results: SweepResults) { self.results = results }

    private var sorted: [SweepResults.TrialResult] {
        let finished = results.ranking.compactMap { number in results.trials.first { $0.trial == number } }
        let pruned = results.trials.filter { $0.state == .pruned }.sorted { first, second in
            let (one, two) = (first.steps ?? 0, second.steps ?? 0)
            return one == two ? (first.score ?? 0) > (second.score ?? 0) : one > two
        }
        return finished + pruned + results.trials.filter { $0.state == .failed }
    }

    /// A header and a row for each trial.
    var table: TextTable {
        let keys = results.trials.first?.parameters.names ?? []
        let label = results.on == "dev" ? "dev" : "held-out"
        let header = ["trial"] + Self.short(keys) + ["\(label) \(results.score)", "state"]
        let rows = sorted.map { trial in
            ["\(trial.trial)"] + trial.parameters.values
                + [TextTable.number(trial.score, digits: 4), Self.state(trial)]
        }
        return TextTable([header] + rows)
    }

    /// The table in a format, without a final line feed; as text at most `width` characters wide, if
    /// possible.
    package func text(_ format: TableFormat, width: Int) throws -> String {
        switch format {
        case .text: return ([table.folded(within: width)] + notes).joined(separator: "\n")
        case .markdown: return ([table.markdown] + notes).joined(separator: "\n\n")
        case .csv: return table.csv
        case .latex: return table.latex
        case .json: return String(try JSONValue(encoding: results).encodedForReading().dropLast())
        }
    }

    /// Lines about the best trial, and about trials and winners that failed.
    var notes: [String] {
        var notes: [String] = []
        if let best = results.ranking.first, let trial = results.trials.first(where: { $0.trial == best }) {
            let settings = trial.parameters.entries.map { "\($0.name)=\($0.value)" }
            notes.append("best: trial \(best), \(settings.joined(separator: " "))")
        }
        notes += sorted.compactMap { trial in trial.failure.map { "trial \(trial.trial): \($0)" } }
        return notes
            + results.then.compactMap { winner in
                winner.failure.map { "trial \(winner.trial) with fresh seeds: \($0)" }
            }
    }

    private static func state(_ trial: SweepResults.TrialResult) -> String {
        switch trial.state {
        case .finished: "finished"
        case .pruned: "left at step \((trial.steps ?? 0).grouped)"
        case .failed: "failed"
        }
    }

    /// The shortest endings of keys that tell them apart.
    private static func short(_ keys: [String]) -> [String] {
        keys.map { key in
            let parts = key.split(separator: ".")
            let endings = (1...max(1, parts.count)).map { parts.suffix($0).joined(separator: ".") }
            return endings.first { ending in
                keys.filter { $0 == ending || $0.hasSuffix(".\(ending)") }.count == 1
            } ?? key
        }
    }
}
