import Diagnostics
package import Formats

/// A table of finished runs: the scores and facts of each study over its seeds.
///
/// Runs whose studies differ only in the seed form one entry.
package struct Comparison: Sendable {
    /// The order of the entries: as given, by name, highest mean score first, or fewest trained parameters
    /// first.
    package enum Order: String, NamedChoice {
        case given, name, score, parameters
    }

    /// The largest number of entries that are columns; more are rows.
    static let mostColumns = 6

    let groups: [RunGroup]

    /// Reads run directories; each must hold a finished run and appear once.
    package init(_ runs: [String], order: Order = .given) throws {
        var known: Set<String> = []
        for run in runs where !known.insert(resolved(run)).inserted {
            throw Failure.usage("is named twice", at: run)
        }
        let groups = RunGroup.groups(of: try runs.map(FinishedRun.init))
        func value(_ group: RunGroup) -> Double {
            let own =
                order == .score
                ? group.mean.map { -$0.mean } : group.fact(ComparisonColumn.parametersPerTask)
            return own.flatMap { $0.isNaN ? nil : $0 } ?? .infinity
        }
        // Swift's sort is stable.
        self.groups =
            switch order {
            case .given: groups
            case .name: groups.sorted { $0.name < $1.name }
            case .score, .parameters: groups.sorted { value($0) < value($1) }
            }
    }

    /// The table, without a final line feed.
    package func table(_ format: TableFormat = .text) -> String {
        switch format {
        case .json: return String(json().encodedForReading().dropLast())
        case .text: return TextTable(rows, numbers: true).aligned
        case .markdown: return TextTable(rows).markdown
        }
    }

    /// The tasks of all runs, in order of first appearance.
    var tasks: [String] {
        groups.flatMap { $0.runs.flatMap { $0.scores.map(\.task) } }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private var rows: [[String]] {
        var columns: [[String]] = [[""] + groups.map(\.name)]
        columns.append(["method"] + groups.map { $0.runs[0].method ?? "–" })
        columns.append(["seeds"] + groups.map { "\($0.runs.count)" })
        for task in tasks { columns.append([task] + groups.map { text($0.score(task)) }) }
        columns.append(["mean"] + groups.map { text($0.mean) })
        for fact in ComparisonColumn.all {
            let values = groups.map { $0.fact(fact.key) }
            if fact.isRare, values.allSatisfy({ $0 == nil }) { continue }
            columns.append([fact.name] + values.map { TextTable.number($0, digits: fact.digits ?? 0) })
        }
        guard groups.count > Self.mostColumns else { return columns }
        return columns[0].indices.map { row in columns.map { $0[row] } }
    }

    private func text(_ spread: SeedSpread?) -> String {
        let mean = TextTable.number(spread?.mean, digits: 4)
        return spread?.deviation.map { "\(mean) ± \(TextTable.number($0, digits: 4))" } ?? mean
    }
}
