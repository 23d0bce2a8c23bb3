import Diagnostics
import Formats
import Runs

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
        try Self.requireDistinct(runs)
        self.init(try runs.map { try FinishedRun($0) }, order: order)
    }

    /// Refuses a run that is named twice.
    static func requireDistinct(_ runs: [String]) throws {
        var known: Set<String> = []
        for run in runs where !known.insert(resolved(run)).inserted {
            throw Failure.usage("is named twice", at: run)
        }
    }

    init(_ runs: [FinishedRun], order: Order = .given) {
        let groups = RunGroup.groups(of: runs)
        let common = Self.commonTasks(of: groups)
        func value(_ group: RunGroup) -> Double {
            let value =
                order == .score
                ? group.mean(of: common).map { -$0.mean } : group.fact(.parametersPerTask)
            return value.flatMap { $0.isNaN ? nil : $0 } ?? .infinity
        }
        // Swift's sort is stable.
        self.groups =
            switch order {
            case .given: groups
            case .name: groups.sorted { $0.name < $1.name }
            case .score, .parameters: groups.sorted { value($0) < value($1) }
            }
    }

    /// The tasks of all runs, in order of first appearance.
    var tasks: [String] { groups.flatMap { $0.runs.flatMap { $0.scores.names } }.distinct }

    /// The tasks that every entry scored, over which means are taken.
    var commonTasks: [String] { Self.commonTasks(of: groups) }

    /// The metrics of all runs, in order of first appearance.
    var metricNames: [FinishedRun.MetricName] {
        let all = groups.flatMap { $0.runs.flatMap { $0.metrics.map(\.name) } }.distinct
        return tasks.flatMap { task in all.filter { $0.task == task } }
    }

    /// Each entry's rank in the score of each of the common tasks, 1 for the best: the mean over the tasks.
    var meanRanks: [Double?] {
        let byTask = commonTasks.map { task in
            ranks(groups.map { -($0.score(task)?.mean ?? -.infinity) })
        }
        return groups.indices.map { entry in byTask.map { $0[entry] }.mean }
    }

    /// The entry with this name, or with this run directory.
    func entry(_ name: String) throws -> RunGroup {
        let path = resolved(name)
        let found =
            groups.first { $0.name == name }
            ?? groups.first { group in group.runs.contains { resolved($0.path) == path } }
        guard let found else {
            throw Failure.usage(
                "no entry '\(name)'", at: "--baseline",
                remedy: "expected one of \(groups.map(\.name).joined(separator: ", ")), or a run of one")
        }
        return found
    }

    private static func commonTasks(of groups: [RunGroup]) -> [String] {
        let scored = groups.map(\.tasks).filter { !$0.isEmpty }
        return (scored.first ?? []).filter { task in scored.allSatisfy { $0.contains(task) } }
    }
}
