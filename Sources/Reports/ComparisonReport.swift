import Diagnostics
import Formats
import Runs

/// A comparison in JSON: numbers with all digits, missing ones as null.
struct ComparisonReport: Encodable {
    struct Entry: Encodable {
        let name: String
        @Nullable var method: String?
        let seeds: [UInt64?]
        @Nullable var sharedGradients: SharedGradients?
        let scores: NamedValues<Spread?>
        @Nullable var mean: Spread?
        let meanRank: Number
        /// Null for the baseline, and without one.
        @Nullable var differences: Differences?
        /// By task, split and metric.
        let metrics: NamedValues<NamedValues<NamedValues<Spread?>>>
        let facts: NamedValues<Number>
        let runs: [Run]
    }

    struct Run: Encodable {
        let path: String
        @Nullable var seed: UInt64?
        let scores: NamedValues<Number>
        let mean: Number
        let facts: NamedValues<Number>
    }

    /// The differences of an entry from the baseline; `relativeGain` is Δm in percent.
    struct Differences: Encodable {
        let baseline: String
        let scores: NamedValues<Difference?>
        @Nullable var mean: Difference?
        @Nullable var relativeGain: Difference?
    }

    struct Difference: Encodable {
        let mean, low, high: Number
        let seeds: Int

        init(_ difference: PairedDifference) {
            (mean, seeds) = (Number(difference.mean), difference.values.count)
            (low, high) = (
                Number(difference.interval?.lowerBound), Number(difference.interval?.upperBound)
            )
        }
    }

    struct Spread: Encodable {
        let mean, halfWidth, deviation: Number
        let runs: [Number]

        init(_ spread: SeedSpread) {
            (mean, halfWidth) = (Number(spread.mean), Number(spread.halfWidth))
            (deviation, runs) = (Number(spread.deviation), spread.values.map { Number($0) })
        }
    }

    /// A number, written as an integer if it is whole.
    struct Number: Encodable {
        private let value: Double?

        init(_ value: Double?) { self.value = value }

        func encode(to encoder: any Encoder) throws {
            try value.flatMap { Int(exactly: $0) }?.encode(to: encoder) ?? value.encode(to: encoder)
        }
    }

    let tasks, meanOf: [String]
    let groups: [Entry]

    /// All of a comparison, with differences from `baseline`, if given.
    init(_ comparison: Comparison, baseline: RunGroup?) {
        let (tasks, common) = (comparison.tasks, comparison.commonTasks)
        (self.tasks, meanOf) = (tasks, common)
        func byTask<Value>(_ value: (String) -> Value) -> NamedValues<Value> {
            NamedValues(tasks.map { ($0, value($0)) })
        }
        func facts(_ value: (ComparisonColumn) -> Double?) -> NamedValues<Number> {
            NamedValues(ComparisonColumn.all.map { ($0.key, Number(value($0))) })
        }
        groups = zip(comparison.groups, comparison.meanRanks).map { group, rank in
            let baseline = baseline.flatMap { $0.name == group.name ? nil : $0 }
            let metrics = comparison.metricNames.filter { group.metric($0) != nil }
            return Entry(
                name: group.name, method: group.runs[0].method, seeds: group.runs.map(\.seed),
                sharedGradients: group.runs[0].results.sharedGradients,
                scores: byTask { group.score($0).map(Spread.init) },
                mean: group.mean(of: common).map(Spread.init), meanRank: Number(rank),
                differences: baseline.map { baseline in
                    Differences(
                        baseline: baseline.name,
                        scores: byTask { group.difference(from: baseline, in: [$0]).map(Difference.init) },
                        mean: group.difference(from: baseline, in: common).map(Difference.init),
                        relativeGain: group.relativeGain(over: baseline, in: common).map(Difference.init))
                },
                metrics: Self.grouped(metrics, by: \.task) { ofTask in
                    Self.grouped(ofTask, by: \.split) { ofSplit in
                        NamedValues(ofSplit.map { ($0.metric, group.metric($0).map(Spread.init)) })
                    }
                },
                facts: facts(group.fact),
                runs: group.runs.map { run in
                    Run(
                        path: run.path, seed: run.seed, scores: byTask { Number(run.score($0)) },
                        mean: Number(run.mean(of: common)), facts: facts { $0.read(run) })
                })
        }
    }

    /// An entry for each distinct key of metrics.
    private static func grouped<Value>(
        _ metrics: [FinishedRun.MetricName], by key: (FinishedRun.MetricName) -> String,
        _ value: ([FinishedRun.MetricName]) -> Value
    ) -> NamedValues<Value> {
        NamedValues(
            metrics.map(key).distinct.map { name in (name, value(metrics.filter { key($0) == name })) })
    }
}
