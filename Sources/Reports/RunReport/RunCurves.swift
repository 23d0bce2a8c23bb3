import Formats
import Foundation
import Runs

/// A run's curves and quantiles, from its journal.
struct RunCurves: Sendable {
    /// Each task's loss before the update, by step of the run.
    let losses: [Curve]
    /// Each task's score at evaluations.
    let scores: [Curve]
    /// The mean score at evaluations.
    let mean: Curve
    let gradientNorm: Curve
    /// The weights of the combination rule over all that tasks share; empty with the rule `sum`.
    let weights: [Curve]
    /// Each task's requested and drawn share at evaluations.
    let shares: [Curve]
    /// The first step of each stage.
    let stages: [LineChart.Mark]
    let stageCosts: [StageCost]

    /// How long a stage's steps took, and how much they moved.
    struct StageCost: Sendable {
        let stage: String
        /// Ascending.
        let seconds: [Double]
        let tokens: Double
        let waiting: Double
        let bytes: Double

        /// The time that a share of the steps took at most.
        func quantile(_ share: Double) -> Double {
            seconds[min(seconds.count - 1, Int(share * Double(seconds.count)))]
        }
    }

    /// Reads a run's journal; a run without one has no curves.
    init(_ directory: RunDirectory) throws {
        let isThere = FileManager.default.fileExists(atPath: directory.journalFile)
        let events = isThere ? try Journal.read(directory) : []
        var losses = CurveBuilder()
        var scores = CurveBuilder()
        var mean = CurveBuilder()
        var norm = CurveBuilder()
        var weights = CurveBuilder()
        var shares = CurveBuilder()
        var stages: [LineChart.Mark] = []
        var costs: [(stage: String, steps: [JSONValue])] = []
        for event in events {
            guard let step = event["step"]?.double else { continue }
            switch event["kind"]?.string {
            case "step":
                let stage = event["stage"]?.string ?? ""
                if costs.last?.stage != stage {
                    costs.append((stage, []))
                    stages.append(LineChart.Mark(name: "\(stage) stage", x: step))
                }
                costs[costs.count - 1].steps.append(event)
                losses.add(event["losses"], at: step)
                norm.add("gradient norm", event["gradientNorm"], at: step)
                weights.add(event["weights"]?["all"], at: step)
            case "evaluated":
                for (task, evaluation) in event["tasks"]?.object ?? [] {
                    scores.add(task, evaluation["score"], at: step)
                }
                mean.add("mean", event["mean"], at: step)
                for (task, share) in event["drawn"]?.object ?? [] {
                    shares.add("\(task), asked", share["requested"], at: step)
                    shares.add("\(task), drawn", share["realised"], at: step)
                }
            default: break
            }
        }
        self.losses = losses.curves
        self.scores = scores.curves
        self.mean = mean.curves.first ?? Curve(name: "mean", points: [])
        gradientNorm = norm.curves.first ?? Curve(name: "gradient norm", points: [])
        self.weights = weights.curves
        self.shares = shares.curves
        self.stages = stages
        stageCosts = costs.map { stage, steps in
            func sum(_ key: String) -> Double { steps.reduce(0) { $0 + ($1[key]?.double ?? 0) } }
            let seconds = steps.compactMap { $0["seconds"]?.double }.sorted()
            let total = max(1e-9, seconds.reduce(0, +))
            return StageCost(
                stage: stage, seconds: seconds.isEmpty ? [0] : seconds, tokens: sum("tokens") / total,
                waiting: sum("secondsWaiting") / total,
                bytes: steps.compactMap { $0["bytes"]?.double }.max() ?? 0)
        }
    }
}

/// Curves by name, in the order in which names first occur.
private struct CurveBuilder {
    private var names: [String] = []
    private var points: [String: [Curve.Point]] = [:]

    mutating func add(_ name: String, _ value: JSONValue?, at step: Double) {
        guard let y = value?.double, y.isFinite else { return }
        if points[name] == nil { names.append(name) }
        points[name, default: []].append(Curve.Point(x: step, y: y))
    }

    /// Adds a point to the curve of each member.
    mutating func add(_ members: JSONValue?, at step: Double) {
        for (name, value) in members?.object ?? [] { add(name, value, at: step) }
    }

    var curves: [Curve] { names.map { Curve(name: $0, points: points[$0] ?? []) } }
}
