import Formats
import Foundation
import Runs

// {"tasks": [name], "meanOf": [name],
//  "groups": [{"name", "method", "seeds", "scores": {task: spread}, "mean": spread,
//              "sharedGradients": text, "metrics": {task: {split: {metric: spread}}}, "facts": {key: number},
//              "runs": [{"path", "seed", "scores": {task: number}, "mean", "facts"}]}]},
// where spread = {"mean", "deviation", "runs"}.

extension Comparison {
    /// All numbers with all digits; missing ones are null.
    func json() -> JSONValue {
        [
            "tasks": .array(tasks.map { .string($0) }),
            "meanOf": .array(commonTasks.map { .string($0) }),
            "groups": .array(
                groups.map { group in
                    [
                        "name": .string(group.name), "method": text(group.runs[0].method),
                        "seeds": .array(group.runs.map { $0.seed ?? .null }),
                        "sharedGradients": text(group.runs[0].sharedGradients?.rawValue),
                        "scores": .object(tasks.map { ($0, json(group.score($0))) }),
                        "mean": json(group.mean(of: commonTasks)), "metrics": metrics(of: group),
                        "facts": .object(ComparisonColumn.all.map { ($0.key, json(group.fact($0.key))) }),
                        "runs": .array(group.runs.map(json)),
                    ]
                }),
        ]
    }

    private func json(_ run: FinishedRun) -> JSONValue {
        [
            "path": .string(run.path), "seed": run.seed ?? .null,
            "scores": .object(tasks.map { ($0, json(run.score($0))) }),
            "mean": json(run.mean(of: commonTasks)),
            "facts": .object(ComparisonColumn.all.map { ($0.key, json(run.facts[$0.key])) }),
        ]
    }

    private func metrics(of group: RunGroup) -> JSONValue {
        let own = metricNames.filter { group.metric($0) != nil }
        func nested(_ names: [String], _ value: (String) -> JSONValue) -> JSONValue {
            .object(
                names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
                    .map { ($0, value($0)) })
        }
        return nested(own.map(\.task)) { task in
            let ofTask = own.filter { $0.task == task }
            return nested(ofTask.map(\.split)) { split in
                .object(
                    ofTask.filter { $0.split == split }.map { ($0.metric, json(group.metric($0))) })
            }
        }
    }

    private func json(_ spread: SeedSpread?) -> JSONValue {
        guard let spread else { return .null }
        return [
            "mean": json(spread.mean), "deviation": json(spread.deviation),
            "runs": .array(spread.values.map { json($0) }),
        ]
    }

    private func json(_ value: Double?) -> JSONValue {
        guard let value else { return .null }
        return Int(exactly: value).map { .integer($0) } ?? .number(value)
    }

    private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}
