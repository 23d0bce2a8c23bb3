import Diagnostics
import Formats
import Foundation
import Runs

/// Runs of one study with different seeds: one entry of a comparison.
struct RunGroup: Sendable {
    let name: String
    let runs: [FinishedRun]

    /// Groups runs, in the order of each group's first run.
    ///
    /// A run that repeats a seed, for example on other ranks, begins a new group: a spread is over seeds.
    static func groups(of runs: [FinishedRun]) -> [RunGroup] {
        var groups: [[FinishedRun]] = []
        for run in runs {
            let known = groups.firstIndex { group in
                run.study != nil && run.seed != nil && group[0].study == run.study
                    && !group.contains { $0.seed == run.seed }
            }
            if let known { groups[known].append(run) } else { groups.append([run]) }
        }
        return zip(runNames(groups.map { $0.map(\.path) }), groups).map(RunGroup.init)
    }

    /// A task's scores.
    func score(_ task: String) -> SeedSpread? { SeedSpread(runs.compactMap { $0.score(task) }) }

    func metric(_ name: FinishedRun.MetricName) -> SeedSpread? {
        SeedSpread(runs.compactMap { $0.metric(name) })
    }

    /// The runs' mean scores of tasks.
    func mean(of tasks: [String]) -> SeedSpread? { SeedSpread(runs.compactMap { $0.mean(of: tasks) }) }

    /// The difference of the tasks' mean score to another entry's.
    func difference(from other: RunGroup, in tasks: [String]) -> PairedDifference? {
        PairedDifference(
            pairs(with: other).compactMap { run, reference in
                guard let mean = run.mean(of: tasks), let baseline = reference.mean(of: tasks) else {
                    return nil
                }
                return mean - baseline
            })
    }

    /// Δm in percent: the mean over tasks of (M − B) / B, where B is the other entry's score.
    ///
    /// Positive is better. Nil if a score of the other is 0 or negative, of which a share says nothing.
    func relativeGain(over other: RunGroup, in tasks: [String]) -> PairedDifference? {
        let pairs = pairs(with: other)
        let gains = pairs.compactMap { run, reference in
            tasks.map { task -> Double? in
                guard let score = run.score(task), let baseline = reference.score(task), baseline > 0
                else { return nil }
                return 100 * (score - baseline) / baseline
            }.wholeMean
        }
        return gains.count == pairs.count ? PairedDifference(gains) : nil
    }

    /// This entry's runs with the other's of the same seeds.
    private func pairs(with other: RunGroup) -> [(FinishedRun, FinishedRun)] {
        runs.compactMap { run in
            guard let seed = run.seed, let twin = other.runs.first(where: { $0.seed == seed }) else {
                return nil
            }
            return (run, twin)
        }
    }

    /// The tasks that all runs scored.
    var tasks: [String] {
        runs[0].scores.names.filter { task in runs.allSatisfy { $0.score(task) != nil } }
    }

    /// The splits of the scores.
    var splits: [String] { runs.flatMap { $0.metrics.map(\.name.split) }.distinct }

    /// The mean of a fact.
    func fact(_ column: ComparisonColumn) -> Double? { SeedSpread(runs.compactMap(column.read))?.mean }
}
