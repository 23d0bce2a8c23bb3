package import Formats
import Runs

/// Tables of tasks' affinity, of the groups that follow from it, and of runs that checked them.
package struct AffinityReport: Sendable {
    /// A division whose prediction a run has checked.
    package struct Check: Sendable {
        package let grouping: TaskGrouping
        /// The mean score of the run's tasks, and its directory.
        package let result: Double
        package let run: String

        package init(grouping: TaskGrouping, result: Double, run: String) {
            (self.grouping, self.result, self.run) = (grouping, result, run)
        }
    }

    /// The largest number of pairs that are columns.
    private static let mostPairs = 10

    private let affinity: TaskAffinity
    /// The best division into each number of groups; empty if none was searched for.
    private let groupings: [TaskGrouping]
    private let checks: [Check]

    package init(_ affinity: TaskAffinity, _ groupings: [TaskGrouping], checks: [Check] = []) {
        (self.affinity, self.groupings, self.checks) = (affinity, groupings, checks)
    }

    /// Spearman's correlation of the predictions and results of the checks; nil if there is none.
    package var correlation: Double? { rankCorrelation(checks.map(\.grouping.score), checks.map(\.result)) }

    /// The report without a final line feed; a text table is at most `width` characters wide, if possible.
    package func report(_ format: TableFormat, width: Int = .max) throws -> String {
        try TableReport(tables).text(format, width: width, json: json)
    }

    /// A division in words: `cola+rte mrpc`.
    package static func text(_ grouping: TaskGrouping, _ tasks: [String]) -> String {
        grouping.groups.map { $0.map { tasks[$0] }.joined(separator: "+") }.joined(separator: " ")
    }

    // MARK: Tables

    private var tables: [TableReport.Part] {
        let title = affinity.measure.title
        var tables = [TableReport.Part(title, TextTable(matrix, numbers: true))]
        if affinity.parts.count > 1 {
            tables.append(.init("\(title), by part", TextTable(byPart, numbers: true)))
        }
        if !groupings.isEmpty {
            let rows = groupings.map { grouping in
                [
                    "\(grouping.groups.count)", text(grouping.scoreOfSharing), "\(grouping.alone)",
                    Self.text(grouping, affinity.tasks),
                ]
            }
            let headings = [["groups", "mean gain", "alone", "tasks"]]
            let unknown =
                affinity.hasUnknown ? "; a pair without a number, below its noise, counts as 0" : ""
            tables.append(.init("best groups by TAG's objective\(unknown)", TextTable(headings + rows)))
        }
        if !checks.isEmpty {
            let rows = checks.map { check in
                [
                    check.run, text(check.grouping.scoreOfSharing), "\(check.grouping.alone)",
                    TextTable.number(check.result, digits: 4), Self.text(check.grouping, affinity.tasks),
                ]
            }
            let number = TextTable.number(correlation, digits: 2)
            let headings = [["run", "mean gain", "alone", "mean score", "tasks"]]
            tables.append(
                .init("rank correlation of prediction and result: \(number)", TextTable(headings + rows)))
        }
        return tables
    }

    private var matrix: [[String]] {
        let values = affinity.parts.first?.values ?? []
        return [[""] + affinity.tasks]
            + zip(affinity.tasks, values).map { task, row in [task] + row.map(text) }
    }

    /// A row for each part and a column for each pair; with many pairs, a row for each of these.
    private var byPart: [[String]] {
        let tasks = affinity.tasks
        let isDirected = affinity.measure == .affinity
        let pairs = tasks.indices.flatMap { i in
            tasks.indices.filter { isDirected ? $0 != i : $0 > i }.map { (i, $0) }
        }
        let names = pairs.map { "\(tasks[$0])\(isDirected ? "→" : "×")\(tasks[$1])" }
        if pairs.count > Self.mostPairs {
            return [["pair"] + affinity.parts.map(\.name)]
                + zip(names, pairs).map { name, pair in
                    [name] + affinity.parts.map { text($0.values[pair.0][pair.1]) }
                }
        }
        return [["part"] + names]
            + affinity.parts.map { part in [part.name] + pairs.map { text(part.values[$0][$1]) } }
    }

    private func text(_ value: Double?) -> String {
        // The affinity is a share of a loss in one step, often far below a thousandth.
        affinity.measure == .affinity
            ? TextTable.number(value, significant: 3) : TextTable.number(value, digits: 4)
    }

    /// The report in JSON; `checks` and their correlation, which may be null, are left out without any.
    private struct Document: Encodable {
        struct Division: Encodable {
            let groups: [[String]], score: Double, alone: Int
            var result: Double?, run: String?
        }

        let tasks: [String], measure: AffinityMeasure, parts: [TaskAffinity.Part]
        let groupings: [Division], checks: [Division]?, rankCorrelation: Nullable<Double>?
    }

    private var json: Document {
        func division(_ grouping: TaskGrouping, _ check: Check? = nil) -> Document.Division {
            Document.Division(
                groups: grouping.groups.map { $0.map { affinity.tasks[$0] } }, score: grouping.score,
                alone: grouping.alone, result: check?.result, run: check?.run)
        }
        return Document(
            tasks: affinity.tasks, measure: affinity.measure, parts: affinity.parts,
            groupings: groupings.map { division($0) },
            checks: checks.isEmpty ? nil : checks.map { division($0.grouping, $0) },
            rankCorrelation: checks.isEmpty ? nil : Nullable(wrappedValue: correlation))
    }
}
