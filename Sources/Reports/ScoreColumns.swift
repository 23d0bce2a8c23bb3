import Diagnostics
import Formats
package import Runs

/// The scores of a few tasks under several adapters, side by side.
package struct ScoreColumns: Sendable {
    /// The scores with one kind of adapter.
    package struct Column: Sendable {
        package let name: String
        /// By task; a task without a score has a dash.
        package let scores: [String: Double]
        /// Adapter parameters of all tasks; nil if unknown.
        package let parameters: Int?
        /// The evaluated splits, such as `dev`; nil if unknown.
        let splits: String?

        /// The scores and parameters of runs of different tasks; nil for an imported adapter without results.
        package init(name: String, _ runs: [RunResults?]) {
            self.name = name
            scores = Dictionary(runs.flatMap { $0?.scores.entries ?? [] }.map { ($0.name, $0.value) }) {
                first, _ in first
            }
            let splits = runs.flatMap { $0?.splits ?? [] }
            self.splits = splits.isEmpty ? nil : EvaluationReport.label(ofSplits: splits)
            let counts = runs.compactMap { $0?.parameters?.adapterAllTasks }
            parameters = counts.count == runs.count ? counts.reduce(0, +) : nil
        }

        /// A finished run's scores.
        package init(ofRun run: String) throws {
            self.init(name: run, [try RunResults.ofFinished(try RunDirectory.open(at: run))])
        }

        /// The mean score of tasks; nil if one has none.
        package func mean(of tasks: [String]) -> Double? { tasks.map { scores[$0] }.wholeMean }
    }

    private let tasks: [String]
    private let columns: [Column]

    package init(_ tasks: [String], _ columns: [Column]) { (self.tasks, self.columns) = (tasks, columns) }

    /// The table as text: a row for each task, their mean, and the parameters of all tasks; the splits if the
    /// columns differ in them.
    package var text: String {
        func row(_ name: String, _ value: (Column) -> Double?) -> [String] {
            [name] + columns.map { TextTable.number(value($0), digits: 4) }
        }
        let isOneSplit = Set(columns.compactMap(\.splits)).count < 2
        let splits = isOneSplit ? [] : [["scored on"] + columns.map { $0.splits ?? "–" }]
        let rows =
            [["task"] + columns.map(\.name)] + splits + tasks.map { task in row(task) { $0.scores[task] } }
            + [row("mean") { $0.mean(of: tasks) }]
            + [["parameters, all tasks"] + columns.map { $0.parameters.map(String.init) ?? "–" }]
        return TextTable(rows, numbers: true).aligned
    }
}
