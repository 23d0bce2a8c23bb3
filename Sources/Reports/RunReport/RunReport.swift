import Diagnostics
import Formats
import Runs

/// A page on finished runs that is one file: scores, curves, agreement of tasks, ranks, settings.
package struct RunReport: Sendable {
    private let comparison: Comparison
    private let content: ComparisonContent
    private let runs: [RunRecord]

    /// Reads finished runs, to be compared with an entry `baseline` if given; an unfinished one is refused.
    package init(_ runs: [String], baseline: String? = nil) throws {
        comparison = try Comparison(runs)
        content = try ComparisonContent(baseline: baseline)
        self.runs = try zip(runs, runNames(runs.map { [$0] })).map(RunRecord.init)
    }

    /// The page, in HTML.
    package func page() throws -> String {
        let title = runs.count == 1 ? "Run \(runs[0].name)" : "\(runs.count) runs"
        return Page(title: title, blocks: try blocks()).html
    }

    private func blocks() throws -> [PageBlock] {
        let tables = try comparison.tables(content)
        var blocks: [PageBlock] = [.verdict(try verdict), .heading("Scores"), .table(tables.table)]
        blocks += tables.notes.map { .paragraph($0) }
        if runs.count == 1 { return blocks + runs[0].blocks }
        blocks += [pareto, learning].compactMap(\.self).map { .figure($0) }
        if let table = StudyKeys.table(runs.map { ($0.name, $0.keys) }) {
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
            let text =
                "\(best.0.name) has the best mean of \(tasks.joined(separator: ", ")): "
                + ComparisonLine.Value.spread(best.1).text
            guard let baseline = try comparison.baseline(content), baseline.name != best.0.name,
                let difference = best.0.difference(from: baseline, in: tasks)
            else { return "\(text)." }
            let gap = ComparisonLine.Value.difference(difference).text
            return "\(text); \(gap) to \(baseline.name), \(difference.confidence)."
        }
    }

    private var pareto: Figure? {
        let tasks = comparison.commonTasks
        return ScatterPlot(
            title: "Parameters and score", cost: "adapter parameters, all tasks", value: "mean score",
            marks: comparison.groups.compactMap { group in
                guard let cost = group.fact(ComparisonColumn.parametersAllTasks),
                    let mean = group.mean(of: tasks)?.mean
                else { return nil }
                return ScatterPlot.Mark(name: group.name, cost: cost, value: mean)
            }
        ).figure
    }

    private var learning: Figure? {
        LineChart(
            title: "Mean score at evaluations", x: "step",
            curves: runs.map { Curve(name: $0.name, points: $0.curves.mean.points) }
        ).figure
    }
}
