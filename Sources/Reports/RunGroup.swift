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

    /// The runs' mean scores.
    var mean: SeedSpread? { SeedSpread(runs.compactMap(\.mean)) }

    /// The mean of a fact.
    func fact(_ key: String) -> Double? { SeedSpread(runs.compactMap { $0.facts[key] })?.mean }
}
