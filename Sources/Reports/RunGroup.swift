import Foundation

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
            let own = groups.firstIndex { group in
                run.study != nil && run.seed != nil && group[0].study == run.study
                    && !group.contains { $0.seed == run.seed }
            }
            if let own { groups[own].append(run) } else { groups.append([run]) }
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

    /// The differences of a score to another entry's, over the seeds of both; the tasks' mean for several.
    func difference(from other: RunGroup, in tasks: [String]) -> SeedSpread? {
        SeedSpread(
            runs.compactMap { run in
                guard let seed = run.seed, let twin = other.runs.first(where: { $0.seed == seed }),
                    let own = run.mean(of: tasks), let its = twin.mean(of: tasks)
                else { return nil }
                return own - its
            })
    }

    /// The tasks that all runs scored.
    var tasks: [String] {
        runs[0].scores.map(\.task).filter { task in runs.allSatisfy { $0.score(task) != nil } }
    }

    /// The splits of the scores.
    var splits: [String] {
        runs.flatMap { $0.metrics.map(\.name.split) }.reduce(into: []) {
            if !$0.contains($1) { $0.append($1) }
        }
    }

    /// The mean of a fact.
    func fact(_ key: String) -> Double? { SeedSpread(runs.compactMap { $0.facts[key] })?.mean }
}
