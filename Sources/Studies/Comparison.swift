import Diagnostics
import Formats
import Foundation
import Journal

/// Finished runs side by side: a column each, a row for each task and fact.
public struct Comparison: Sendable {
    private let names: [String]
    private let results: [JSONValue]

    /// Reads `results.json` of run directories.
    public init(_ runs: [String]) throws {
        names = runs.map { URL(fileURLWithPath: $0).lastPathComponent }
        results = try runs.map { run in
            let path = try RunDirectory.open(at: run).resultsFile
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure.usage(
                    "the run has no results yet", at: run, remedy: "finish it with train --resume")
            }
            return try JSONValue(parsing: data, at: path)
        }
    }

    /// The table as text, columns aligned.
    public func table() -> String {
        var rows: [[String]] = [[""] + names]
        for task in tasks {
            rows.append([task] + results.map { number(score(of: task, in: $0), digits: 4) })
        }
        rows.append(
            ["mean"]
                + results.map { result in
                    let scores = tasks.compactMap { score(of: $0, in: result) }
                    return number(
                        scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count), digits: 4)
                })
        func parameters(_ key: String) -> [JSONValue?] { results.map { $0["parameters"]?[key] } }
        rows.append(["parameters per task"] + parameters("adapterPerTask").map(whole))
        if results.contains(where: { $0["parameters"]?["keptPerTask"] != nil }) {
            rows.append(["after pruning"] + parameters("keptPerTask").map(whole))
        }
        rows.append(
            ["% of the backbone"]
                + parameters("shareOfBackbone").map { number(($0?.double).map { 100 * $0 }, digits: 3) })
        rows.append(["parameters, all tasks"] + parameters("adapterAllTasks").map(whole))
        rows.append(["heads, all tasks"] + parameters("headsAllTasks").map(whole))
        rows.append(["bytes per step"] + results.map { whole($0["bytesPerStep"]) })
        rows.append(["steps"] + results.map { whole($0["steps"]) })
        rows.append(["seconds"] + results.map { number($0["seconds"]?.double, digits: 1) })
        return aligned(rows, numbers: true)
    }

    /// Tasks of any run, in the order they first appear.
    private var tasks: [String] {
        results.flatMap { lastStage($0)?["tasks"]?.object?.map(\.0) ?? [] }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func lastStage(_ result: JSONValue) -> JSONValue? { result["stages"]?.array?.last }

    private func score(of task: String, in result: JSONValue) -> Double? {
        lastStage(result)?["tasks"]?[task]?["score"]?.double
    }

    private func number(_ value: Double?, digits: Int) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "–"
    }

    private func whole(_ value: JSONValue?) -> String { value?.int.map(String.init) ?? "–" }
}
