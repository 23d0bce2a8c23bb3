import Diagnostics
import Formats
import Runs

/// The table at the end of a run: each task's metrics by split and stage, their means, and notes.
struct ScoreTable {
    private let results: RunResults
    private let stages: [StageResult]

    init(_ results: RunResults) { (self.results, stages) = (results, results.stages) }

    var text: String {
        ([table] + notes.map { TextTable.wrapped($0, within: TextOutput.width()) }).joined(separator: "\n")
    }

    private var tasks: [String] { stages.last?.tasks.names ?? [] }

    private func kept(_ task: String, _ stage: StageResult) -> KeptScore? { stage.tasks[task] ?? nil }

    private var table: String {
        var names = [["task", "split", "metric"]]
        var values = [stages.map(\.stage.rawValue)]
        func add(_ name: [String], _ value: (StageResult) -> Double?) {
            names.append(name)
            values.append(stages.map { TextTable.number(value($0), digits: 4) })
        }
        for task in tasks {
            let metrics = (stages.lazy.compactMap { kept(task, $0) }.last?.splits.entries ?? []).flatMap {
                split in split.value.names.map { (split: split.name, metric: $0) }
            }
            for (index, row) in metrics.enumerated() {
                let label = EvaluationReport.label(ofSplit: row.split)
                add([index == 0 ? task : "", label, row.metric]) {
                    kept(task, $0)?.splits[row.split]?[row.metric]
                }
            }
            if metrics.count != 1 {
                add([metrics.isEmpty ? task : "", "", "mean"]) { kept(task, $0)?.score }
            }
        }
        if tasks.count > 1 {
            add(["mean of tasks", "", ""]) { stage in tasks.map { kept($0, stage)?.score }.wholeMean }
        }
        let left = TextTable(names).aligned.split(separator: "\n", omittingEmptySubsequences: false)
        return TextTable(zip(left, values).map { [String($0)] + $1 }, numbers: true).aligned
    }

    private var notes: [String] {
        guard let last = stages.last else { return [] }
        let steps = tasks.compactMap { task in kept(task, last).map { (task, $0.step) } }
        var notes: [String] = []
        switch results.keep {
        case "best":
            let list = steps.map { "\($0) from step \($1)" }.joined(separator: ", ")
            notes.append("each task keeps its best evaluation of the stage: \(list)")
        case "mean":
            notes += steps.first.map { ["the best mean of all tasks is kept, from step \($0.1)"] } ?? []
        default: break
        }
        guard stages.count > 1 else { return notes }
        let before = stages[stages.count - 2]
        for task in tasks {
            guard let end = kept(task, last)?.score, let start = kept(task, before)?.score, end < start else {
                continue
            }
            func text(_ value: Double) -> String { TextTable.number(value, digits: 4) }
            notes.append(
                "\(task): the \(last.stage) stage scores lower than the \(before.stage) stage "
                    + "(\(text(end)) < \(text(start)))")
        }
        return notes
    }
}
