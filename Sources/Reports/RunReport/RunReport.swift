import Diagnostics
import Formats
import Foundation
import Runs

/// A page on finished runs that is one file: scores, curves, agreement of tasks, ranks, settings.
package struct RunReport: Sendable {
    private let comparison: Comparison
    private let content: ComparisonContent
    private let runs: [RunRecord]
    private let sweeps: [Sweep]

    /// The trials of a sweep whose winners are among the runs.
    private struct Sweep {
        let name: String
        let trials: SweepTable
    }

    /// Reads the runs that were found, and the results of the sweeps they belong to.
    package init(_ found: RunSearch, baseline: String? = nil) throws {
        try self.init(
            found.runs, baseline: baseline,
            sweeps: found.sweeps.compactMap { directory in
                try SweepResults.read(directory).map { results in
                    Sweep(
                        name: URL(fileURLWithPath: directory.path).lastPathComponent,
                        trials: SweepTable(results))
                }
            })
    }

    /// Reads finished runs, to be compared with an entry `baseline` if given; an unfinished one is refused.
    package init(_ runs: [String], baseline: String? = nil) throws {
        try self.init(runs, baseline: baseline, sweeps: [])
    }

    private init(_ runs: [String], baseline: String?, sweeps: [Sweep]) throws {
        self.sweeps = sweeps
        try Comparison.requireDistinct(runs)
        content = try ComparisonContent(baseline: baseline)
        self.runs = try zip(runs, runNames(runs.map { [$0] })).map(RunRecord.init)
        comparison = Comparison(self.runs.map(\.run))
    }

    /// The page, in HTML.
    package func page() throws -> String {
        let title =
            sweeps.count == 1
            ? "Sweep \(sweeps[0].name)" : runs.count == 1 ? "Run \(runs[0].name)" : "\(runs.count) runs"
        return Page(title: title, blocks: try blocks()).html
    }

    private func blocks() throws -> [PageBlock] {
        let tables = try comparison.tables(content)
        var blocks: [PageBlock] = [.verdict(try verdict), .heading("Scores"), .table(tables.table)]
        blocks += tables.notes.map { .paragraph($0) }
        if runs.count == 1 { return blocks + runs[0].blocks }
        blocks += [pareto, learning].compactMap(\.self).map { .figure($0) }
        for sweep in sweeps {
            blocks += [.heading("Trials of \(sweep.name)"), .table(sweep.trials.table)]
            blocks += sweep.trials.notes.map { .paragraph($0) }
        }
        let keys = comparison.groups.compactMap { group in
            records(of: group).first.map { (name: group.name, keys: $0.keys.withoutSeed) }
        }
        if let table = StudyKeys.table(keys) {
            blocks += [.heading("Settings that differ"), .table(table)]
        }
        return blocks + [.heading("Runs")] + runs.map { .folded("\($0.name): \($0.summary)", $0.blocks) }
    }

    private var verdict: String {
        get throws {
            if runs.count == 1 { return "\(runs[0].summary)." }
            let tasks = comparison.commonTasks
            let scored = comparison.groups.compactMap { group in
                group.mean(of: tasks).map { (group, $0) }
            }
            guard let best = scored.max(by: { $0.1.mean < $1.1.mean }) else {
                return "No task is scored by all runs."
            }
            let mean = "mean of \(tasks.joined(separator: ", "))"
            let score = ComparisonLine.Value.spread(best.1).text
            if scored.count == 1 { return "\(best.0.name) has a \(mean) of \(score)." }
            let equals = scored.filter { $0.1.mean == best.1.mean }.map(\.0.name)
            if equals.count > 1 {
                return "\(equals.joined(separator: ", ")) have the best \(mean): \(score)."
            }
            let text = "\(best.0.name) has the best \(mean): \(score)"
            guard let baseline = try comparison.baseline(content), baseline.name != best.0.name,
                let difference = best.0.difference(from: baseline, in: tasks)
            else { return "\(text)." }
            let gap = ComparisonLine.Value.difference(difference).text
            return "\(text); \(gap) over \(baseline.name); \(difference.confidence)."
        }
    }

    private var pareto: Figure? {
        let tasks = comparison.commonTasks
        return ScatterPlot(
            title: "Parameters and score", cost: "adapter parameters, all tasks", value: "mean score",
            marks: comparison.groups.compactMap { group in
                guard let cost = group.fact(.parametersAllTasks),
                    let mean = group.mean(of: tasks)?.mean
                else { return nil }
                return ScatterPlot.Mark(name: group.name, cost: cost, value: mean)
            }
        ).figure
    }

    private var learning: Figure? {
        LineChart(
            title: "Mean score at evaluations", x: "step",
            curves: comparison.groups.map { group in
                Curve(group.name, meanOf: records(of: group).map(\.curves.mean))
            }
        ).figure
    }

    /// The runs of an entry of the comparison.
    private func records(of group: RunGroup) -> [RunRecord] {
        let paths = group.runs.map { resolved($0.path) }
        return runs.filter { paths.contains(resolved($0.directory.path)) }
    }
}
