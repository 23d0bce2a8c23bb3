import Foundation

/// Runs of one study that differ in their seed alone: one entry of a comparison.
struct RunGroup: Sendable {
    /// What tells it from the other groups.
    let name: String
    /// Its runs, each with a seed of its own.
    let runs: [FinishedRun]

    /// Puts runs into groups, in the order in which their first runs come.
    ///
    /// A run that repeats a seed, on other ranks for instance, begins a group of its own: a spread is over seeds.
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

    /// A task's score over the runs.
    func score(_ task: String) -> Spread? { Spread(runs.compactMap { $0.score(task) }) }

    /// The mean score over the runs.
    var mean: Spread? { Spread(runs.compactMap(\.mean)) }

    /// A fact's mean over the runs.
    func fact(_ key: String) -> Double? { Spread(runs.compactMap { $0.facts[key] })?.mean }
}

/// Numbers that differ by chance: their mean, and how far they lie apart.
struct Spread: Sendable {
    /// The numbers.
    let values: [Double]
    /// Their mean.
    let mean: Double
    /// Their standard deviation as a sample, with n − 1; nil for a single number.
    let deviation: Double?

    /// Summarises numbers; nil when there are none.
    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let mean = average(values)
        self.values = values
        self.mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
    }
}
