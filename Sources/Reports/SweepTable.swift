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

    /// The columns, each with a value for every row.
    private var columns: [ComparisonLine] {
        let keys = results.trials.first?.parameters.names ?? []
        let score = "\(results.on == "dev" ? "dev" : "held-out") \(results.score)"
        let parameters = zip(Self.short(keys), keys).map { name, key in
            ComparisonLine(name, sorted.map { .text($0.parameters[key] ?? "–") })
        }
        let scores =
            hasSeeds
            ? [
                ComparisonLine(score, sorted.map { .spread(SeedSpread($0.scores)) }),
                ComparisonLine("Δ trial 1", differences.map { .difference($0) }),
            ] : [ComparisonLine(score, sorted.map { .number($0.score, digits: 4) })]
        return [ComparisonLine("trial", sorted.map { .text("\($0.trial)") })] + parameters + scores
            + [ComparisonLine("state", sorted.map { .text(Self.state($0)) })]
    }

    /// Whether trials have several seeds, by which they can be compared.
    private var hasSeeds: Bool { results.trials.contains { $0.scores.count > 1 } }

    /// For each row, the difference to trial 1 seed by seed; nil for trials that were not both trained to the
    /// end.
    private var differences: [PairedDifference?] {
        let first = results.trials.first { $0.trial == 1 && $0.state == .finished }
        return sorted.map { trial in
            guard let first, trial.trial != first.trial, trial.state == .finished,
                trial.scores.count == first.scores.count
            else { return nil }
            return PairedDifference(zip(trial.scores, first.scores).map { $0 - $1 })
        }
    }

    /// A header and a row for each trial.
    var table: TextTable {
        let columns = columns
        return TextTable(
            [columns.map(\.name)] + sorted.indices.map { row in columns.map { $0.values[row].text } })
    }

    /// The table in a format, without a final line feed; as text at most `width` characters wide, if
    /// possible.
    package func text(_ format: TableFormat, width: Int) throws -> String {
        try TableReport(
            [.init(nil, table, exact: columns.exactTable)],
            notes: notes + (hasSeeds ? [Self.explanation] : [])
        ).text(format, width: width, json: results)
    }

    /// Lines about the best trial, about differences, and about trials and winners that failed.
    var notes: [String] {
        var notes: [String] = []
        if let best = results.ranking.first, let trial = results.trials.first(where: { $0.trial == best }) {
            let settings = trial.parameters.entries.map { "\($0.name)=\($0.value)" }
            notes.append("best: trial \(best), \(settings.joined(separator: " "))")
        }
        if hasSeeds { notes.append(clearDifferences) }
        notes += sorted.compactMap { trial in trial.failure.map { "trial \(trial.trial): \($0)" } }
        return notes
            + results.then.flatMap { winner in
                (winner.failed ?? []).map { "trial \(winner.trial), fresh seed \($0.seed): \($0.reason)" }
            }
    }

    /// The trials whose difference to trial 1 is more than chance, on one line.
    private var clearDifferences: String {
        let clear = zip(sorted, differences).compactMap { trial, difference in
            difference.flatMap { $0.isClear ? (trial: trial.trial, isBetter: $0.mean > 0) : nil }
        }
        let sides = [(true, "better"), (false, "worse")].compactMap { isBetter, word -> String? in
            let trials = clear.filter { $0.isBetter == isBetter }.map { "\($0.trial)" }
            return trials.isEmpty ? nil : "\(word): \(trials.joined(separator: ", "))"
        }
        return "differ from trial 1 by more than chance among seeds would explain: "
            + (sides.isEmpty ? "none" : sides.joined(separator: "; "))
    }

    private static let explanation =
        "±: the 95 % confidence interval of the mean over seeds, by Student's t. Δ trial 1: the difference "
        + "from trial 1's score, seed by seed, with \(PairedDifference.intervalNote)."

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
