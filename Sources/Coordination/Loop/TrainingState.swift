import Adapters
import Diagnostics
import Formats
import Training

/// Everything that the next step's update depends on; equal on all ranks.
///
/// Which examples it reads depends on the coordinator's ``PlannerState`` too.
struct TrainingState: Equatable, Sendable {
    /// Steps taken in all stages.
    var step = 0
    /// Which stage is under way, from 0.
    var stage = 0
    /// Steps taken in this stage.
    var stageStep = 0
    /// All parameters.
    var values: [Float]
    /// Which parameters pruning left; nil before it, and where nothing is pruned.
    var mask: ParameterMask?
    /// The optimizer's moments.
    var moments: AdamW
    /// How often each block was stepped in this stage.
    var times: [Int64]
    /// Each task's best state of this stage; with its parameters where each task's best is what is kept.
    var best: [Best?]
    /// The state of this stage with the best mean score, where that is what is kept.
    var bestMean: BestMean?
    /// Evaluations since each task's best.
    var stale: [Int]
    /// Whether each task is still drawn.
    var active: [Bool]
    /// Each task's latest score in this stage.
    var latest: [Score?]
    /// The step of the latest evaluation, or -1 when this stage has had none.
    var evaluatedAt = -1
    /// The scores that each finished stage ended with, as the journal and the results show them.
    var history: [JSONValue] = []

    /// A task's score at one step.
    struct Score: Equatable, Sendable {
        /// The mean of its metrics.
        let mean: Double
        /// After how many steps of the run.
        let step: Int
        /// The single metrics, as results show them.
        let detail: JSONValue
    }

    /// A task's best state.
    struct Best: Equatable, Sendable {
        /// The task's score with it.
        let score: Score
        /// The task's own vector; nil where another state is kept.
        let values: [Float]?
    }

    /// The state of all tasks with the best mean score.
    struct BestMean: Equatable, Sendable {
        /// After how many steps of the run.
        let step: Int
        /// Each task's score with it.
        let scores: [Score]
        /// The flat vector.
        let values: [Float]

        /// The mean over the tasks.
        var mean: Double { TrainingState.mean(scores) }
    }

    /// The mean over tasks.
    static func mean(_ scores: [Score]) -> Double {
        scores.reduce(0) { $0 + $1.mean } / Double(max(1, scores.count))
    }

    /// The state before the first step.
    init(_ store: ParameterStore, tasks: Int) {
        values = store.initial
        moments = AdamW(count: store.count)
        times = [Int64](repeating: 0, count: store.blocks.count)
        best = [Best?](repeating: nil, count: tasks)
        stale = [Int](repeating: 0, count: tasks)
        active = [Bool](repeating: true, count: tasks)
        latest = [Score?](repeating: nil, count: tasks)
    }

    /// Begins the next stage: a fresh optimizer and fresh scores.
    mutating func beginNextStage(_ store: ParameterStore, tasks: Int) {
        var next = TrainingState(store, tasks: tasks)
        next.step = step
        next.stage = stage + 1
        next.values = values
        next.mask = mask
        next.history = history
        self = next
    }

    // MARK: Checkpoints

    /// The state as a checkpoint, with what the coordinator has drawn; `identity` says which study it belongs to.
    func checkpoint(
        _ store: ParameterStore, names: [String], identity: JSONValue, _ planner: PlannerState
    ) -> Checkpoint {
        func floats(_ name: String, _ values: [Float]) -> NamedTensor {
            NamedTensor(name: name, shape: [values.count], values: .float(values))
        }
        var tensors = [
            floats("parameters", values), floats("moments.first", moments.first),
            floats("moments.second", moments.second),
            NamedTensor(name: "times", shape: [times.count], values: .int64(times)),
        ]
        if let words = mask?.words {
            tensors.append(NamedTensor(name: Self.maskName, shape: [words.count], values: .int64(words)))
        }
        for (name, best) in zip(names, best) {
            if let values = best?.values { tensors.append(floats("best.\(name)", values)) }
        }
        if let bestMean { tensors.append(floats("best mean", bestMean.values)) }
        let facts: JSONValue = [
            "identity": identity, "stage": .integer(stage), "stageStep": .integer(stageStep),
            "evaluatedAt": .integer(evaluatedAt), "history": .array(history),
            "best": .array(best.map { Self.encode($0?.score) }),
            "bestMean": bestMean.map {
                ["step": .integer($0.step), "scores": .array($0.scores.map(Self.encode))]
            } ?? .null,
            "stale": .array(stale.map { .integer($0) }), "active": .array(active.map { .bool($0) }),
            "latest": .array(latest.map(Self.encode)),
            "positions": .array(planner.positions.map { .integer($0) }),
            "microBatches": .integer(planner.microBatches),
            "requested": .array(planner.requested.map { .number($0) }), "topology": store.topology(names),
        ]
        return Checkpoint(step: step, tensors: tensors, facts: facts)
    }

    /// Reads a checkpoint of the same study.
    init(_ checkpoint: Checkpoint, _ store: ParameterStore, names: [String], _ stages: [StageSchedule]) throws
    {
        let facts = CheckpointFacts(checkpoint, tasks: names.count)
        self.init(store, tasks: names.count)
        step = try facts.bounded(checkpoint.step, "step")
        let stage = try facts.value("stage") { $0.int.flatMap { stages.indices.contains($0) ? $0 : nil } }
        self.stage = stage
        stageStep = try facts.value("stageStep") {
            $0.int.flatMap { (0...stages[stage].steps).contains($0) ? $0 : nil }
        }
        // -1 is a stage without an evaluation.
        evaluatedAt = try facts.value("evaluatedAt") { $0.int == -1 ? -1 : CheckpointFacts.count($0) }
        history = try facts.value("history", \.array)
        values = try checkpoint.floats("parameters", count: store.count)
        moments = AdamW(
            first: try checkpoint.floats("moments.first", count: store.count),
            second: try checkpoint.floats("moments.second", count: store.count))
        times = try checkpoint.int64s("times", count: store.blocks.count)
        for time in times { _ = try facts.bounded(Int(time), "times") }
        if checkpoint.tensors.contains(where: { $0.name == Self.maskName }) {
            let words = try checkpoint.int64s(Self.maskName, count: ParameterMask.wordCount(store.count))
            mask = ParameterMask(count: store.count, words: words)
            if mask == nil {
                throw Failure.data("the checkpoint of step \(step) removes parameters that there are not")
            }
        } else if stageStep > 0, stages[stage].trains(.weight), !store.prunedAdapters.isEmpty {
            throw Failure.data("the checkpoint of step \(step) has no '\(Self.maskName)'")
        }
        stale = try facts.list("stale", CheckpointFacts.count)
        active = try facts.list("active", \.bool)
        latest = try facts.list("latest", Self.decode)
        for (task, score) in try facts.list("best", Self.decode).enumerated() {
            guard let score else { continue }
            let name = "best.\(names[task])"
            let isKept = checkpoint.tensors.contains { $0.name == name }
            best[task] = Best(
                score: score,
                values: isKept ? try checkpoint.floats(name, count: store.layouts[task].count) : nil)
        }
        if let mean = checkpoint.facts["bestMean"], !mean.isNull {
            let scores = mean["scores"]?.array?.compactMap(Self.decode).compactMap(\.self) ?? []
            guard let step = mean["step"].flatMap(CheckpointFacts.count), scores.count == names.count else {
                throw Failure.data("the checkpoint of step \(step) has no usable 'bestMean'")
            }
            bestMean = BestMean(
                step: step, scores: scores, values: try checkpoint.floats("best mean", count: store.count))
        }
    }

    private static let maskName = "removed"

    private static func encode(_ score: Score?) -> JSONValue {
        guard let score else { return .null }
        return ["score": .number(score.mean), "step": .integer(score.step), "detail": score.detail]
    }

    /// A score or none, as it was encoded; nil for what is neither.
    private static func decode(_ value: JSONValue) -> Score?? {
        if value.isNull { return .some(nil) }
        guard let mean = value["score"]?.double, let step = value["step"].flatMap(CheckpointFacts.count),
            let detail = value["detail"]
        else { return nil }
        return Score(mean: mean, step: step, detail: detail)
    }
}
