import Formats
import Runs

/// A run's curves and quantiles.
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
        let stage: StageName
        /// Ascending.
        let seconds: [Double]
        let tokens: Double
        let waiting: Double
        let bytes: Double

        /// The cost of a stage's steps, of which there is one at least.
        init(_ steps: [RunHistory.Step]) {
            stage = steps[0].stage
            seconds = steps.map(\.seconds).sorted()
            let total = max(1e-9, seconds.reduce(0, +))
            tokens = Double(steps.reduce(0) { $0 + $1.tokens }) / total
            waiting = steps.reduce(0) { $0 + $1.secondsWaiting } / total
            bytes = Double(steps.map(\.bytes).max() ?? 0)
        }

        /// The time that a share of the steps took at most.
        func quantile(_ share: Double) -> Double {
            seconds[max(0, Int((share * Double(seconds.count)).rounded(.up)) - 1)]
        }
    }

    /// The curves of a run; one without a history has none.
    init(_ history: RunHistory?) {
        var losses = CurveBuilder()
        var scores = CurveBuilder()
        var mean = CurveBuilder()
        var norm = CurveBuilder()
        var weights = CurveBuilder()
        var shares = CurveBuilder()
        var stages: [LineChart.Mark] = []
        var costs: [[RunHistory.Step]] = []
        for step in history?.steps ?? [] {
            let x = Double(step.step)
            if costs.last?.last?.stage != step.stage {
                costs.append([])
                stages.append(LineChart.Mark(name: "\(step.stage) stage", x: x))
            }
            costs[costs.count - 1].append(step)
            losses.add(step.losses, at: x)
            norm.add("gradient norm", step.gradientNorm, at: x)
            if let all = step.weights?["all"] { weights.add(all, at: x) }
        }
        for evaluation in history?.evaluations ?? [] {
            let x = Double(evaluation.step)
            for task in evaluation.tasks.entries { scores.add(task.name, task.value.score, at: x) }
            if let value = evaluation.mean { mean.add("mean", value, at: x) }
            for task in evaluation.drawn?.entries ?? [] {
                shares.add("\(task.name), asked", task.value.requested, at: x)
                shares.add("\(task.name), drawn", task.value.realised, at: x)
            }
        }
        self.losses = losses.curves
        self.scores = scores.curves
        self.mean = mean.curves.first ?? Curve(name: "mean", points: [])
        gradientNorm = norm.curves.first ?? Curve(name: "gradient norm", points: [])
        self.weights = weights.curves
        self.shares = shares.curves
        self.stages = stages
        stageCosts = costs.map(StageCost.init)
    }
}

/// Curves by name, in the order in which names first occur.
private struct CurveBuilder {
    private var names: [String] = []
    private var points: [String: [Curve.Point]] = [:]

    mutating func add(_ name: String, _ y: Double, at step: Double) {
        guard y.isFinite else { return }
        if points[name] == nil { names.append(name) }
        points[name, default: []].append(Curve.Point(x: step, y: y))
    }

    /// Adds a point to the curve of each name.
    mutating func add(_ values: NamedValues<Double>, at step: Double) {
        for entry in values.entries { add(entry.name, entry.value, at: step) }
    }

    var curves: [Curve] { names.map { Curve(name: $0, points: points[$0] ?? []) } }
}
