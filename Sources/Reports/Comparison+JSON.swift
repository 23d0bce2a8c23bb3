import Diagnostics
import Formats
import Foundation
import Runs

// {"tasks": [name], "meanOf": [name],
//  "groups": [{"name", "method", "seeds", "scores": {task: spread}, "mean": spread,
//              "meanRank": number, "differences": {"baseline": name, "scores": {task: difference},
//              "mean": difference, "relativeGain": difference},
//              "sharedGradients": text, "metrics": {task: {split: {metric: spread}}}, "facts": {key: number},
//              "runs": [{"path", "seed", "scores": {task: number}, "mean", "facts"}]}]},
// where spread = {"mean", "halfWidth", "deviation", "runs"}, difference = {"mean", "low", "high", "seeds"},
// and differences are null without a baseline. relativeGain is Δm in percent.

extension Comparison {
    /// All numbers with all digits; missing ones are null.
    func json(_ baseline: RunGroup? = nil) -> JSONValue {
        let ranks = meanRanks
        return [
            "tasks": .array(tasks.map { .string($0) }),
            "meanOf": .array(commonTasks.map { .string($0) }),
            "groups": .array(
                zip(groups, ranks).map { group, rank in
                    [
                        "name": .string(group.name), "method": text(group.runs[0].method),
                        "seeds": .array(group.runs.map { $0.seed ?? .null }),
                        "sharedGradients": text(group.runs[0].sharedGradients?.rawValue),
                        "scores": .object(tasks.map { ($0, json(group.score($0))) }),
                        "mean": json(group.mean(of: commonTasks)), "meanRank": json(rank),
                        "differences": differences(of: group, from: baseline),
                        "metrics": metrics(of: group),
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
            .object(names.distinct.map { ($0, value($0)) })
        }
        return nested(own.map(\.task)) { task in
            let ofTask = own.filter { $0.task == task }
            return nested(ofTask.map(\.split)) { split in
                .object(
                    ofTask.filter { $0.split == split }.map { ($0.metric, json(group.metric($0))) })
            }
        }
    }

    private func differences(of group: RunGroup, from baseline: RunGroup?) -> JSONValue {
        guard let baseline, baseline.name != group.name else { return .null }
        return [
            "baseline": .string(baseline.name),
            "scores": .object(tasks.map { ($0, json(group.difference(from: baseline, in: [$0]))) }),
            "mean": json(group.difference(from: baseline, in: commonTasks)),
            "relativeGain": json(group.relativeGain(over: baseline, in: commonTasks)),
        ]
    }

    private func json(_ difference: PairedDifference?) -> JSONValue {
        guard let difference else { return .null }
        return [
            "mean": json(difference.mean), "low": json(difference.interval?.lowerBound),
            "high": json(difference.interval?.upperBound), "seeds": .integer(difference.values.count),
        ]
    }

    private func json(_ spread: SeedSpread?) -> JSONValue {
        guard let spread else { return .null }
        return [
            "mean": json(spread.mean), "halfWidth": json(spread.halfWidth),
            "deviation": json(spread.deviation),
            "runs": .array(spread.values.map { json($0) }),
        ]
    }

    private func json(_ value: Double?) -> JSONValue {
        guard let value else { return .null }
        return Int(exactly: value).map { .integer($0) } ?? .number(value)
    }

    private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}
