import Adapters
import Diagnostics
import Formats
package import Runs
import Sampling
import Training

extension TrainingState {
    /// The part of a checkpoint that is not tensors.
    package struct Facts: Codable {
        /// A task's progress without parameters.
        package struct Task: Codable {
            package let best: Score?
            let evaluationsSinceBest: Int
            let isActive: Bool
            package let lastScore: Score?
        }

        struct Mean: Codable {
            let step: Int
            let scores: [Score]
        }

        /// The part that is equal on all ranks.
        package struct Progress: Codable {
            package let stage, stageStep: Int
            let evaluatedAt: Int?
            package let tasks: [Task]
            let bestMean: Mean?
            let memory: CombinationMemory.Facts?
            let effect: MeanEffect?

            init(_ state: TrainingState) {
                (stage, stageStep, evaluatedAt) = (state.stage, state.stageStep, state.evaluatedAt)
                tasks = state.tasks.map {
                    Task(
                        best: $0.best?.score, evaluationsSinceBest: $0.evaluationsSinceBest,
                        isActive: $0.isActive, lastScore: $0.lastScore)
                }
                bestMean = state.bestMean.map { Mean(step: $0.step, scores: $0.scores) }
                memory = state.memory.facts
                effect = state.effect == MeanEffect() ? nil : state.effect
            }
        }

        /// The run that the state belongs to; nil if it cannot be resumed.
        package let identity: RunIdentity?
        package let progress: Progress
        package let history: [StageResult]
        let positions: [Int]
        let microBatches: Int
        let requested, lags, remainders: [Double]
        let sampler: SamplerMemory
        let topology: [BlockOwner]

        fileprivate init(
            _ state: TrainingState, _ planner: PlannerState, _ topology: [BlockOwner],
            _ identity: RunIdentity?
        ) {
            self.identity = identity
            progress = Progress(state)
            history = state.history
            positions = planner.positions
            microBatches = planner.microBatches
            (requested, lags, remainders) = (planner.requested, planner.lags, planner.remainders)
            sampler = planner.memory
            self.topology = topology
        }
    }

    /// The state as a checkpoint, with the coordinator's planner state.
    func checkpoint(
        _ store: ParameterStore, names: [String], identity: RunIdentity?, _ planner: PlannerState
    ) throws -> Checkpoint {
        try Checkpoint(
            step: step, tensors: tensors(names),
            facts: Facts(self, planner, store.topology(names), identity))
    }

    /// The part of a checkpoint that is tensors, with the names of the tasks; equal on all ranks.
    func tensors(_ names: [String]) -> [NamedTensor] {
        var tensors = [
            NamedTensor("parameters", values), NamedTensor("moments.first", moments.first),
            NamedTensor("moments.second", moments.second), NamedTensor("stepCounts", stepCounts),
        ]
        tensors += combinationTensors
        if let words = mask?.words { tensors.append(NamedTensor(Self.maskName, words)) }
        if !agreement.isEmpty {
            tensors.append(NamedTensor(Self.agreementName, agreement.flatMap(\.values)))
        }
        for (name, task) in zip(names, tasks) {
            if let values = task.best?.values { tensors.append(NamedTensor("best.\(name)", values)) }
        }
        if let bestMean { tensors.append(NamedTensor("best mean", bestMean.values)) }
        return tensors
    }

    /// Reads a checkpoint of the same study, with its decoded facts.
    init(_ checkpoint: Checkpoint, _ facts: Facts, _ context: RunContext) throws {
        let (store, names, stages) = (context.store, context.names, context.stages)
        let progress = facts.progress
        func require(_ isUsable: Bool, _ key: String) throws { try checkpoint.require(isUsable, key) }
        func count(_ value: Int, _ key: String) throws -> Int { try checkpoint.count(value, key) }
        for (key, found) in [
            ("tasks", progress.tasks.count), ("positions", facts.positions.count),
            ("requested", facts.requested.count), ("lags", facts.lags.count),
            ("remainders", facts.remainders.count),
        ] where found != names.count {
            throw checkpoint.failure("has \(found) of '\(key)', expected \(names.count)")
        }
        self.init(store, tasks: names.count)
        step = try count(checkpoint.step, "step")
        stage = progress.stage
        try require(stages.indices.contains(stage), "stage")
        stageStep = progress.stageStep
        try require((0...stages[stage].steps).contains(stageStep), "stageStep")
        evaluatedAt = try progress.evaluatedAt.map { try count($0, "evaluatedAt") }
        history = facts.history
        values = try checkpoint.floats("parameters", count: store.count)
        moments = AdamW(
            first: try checkpoint.floats("moments.first", count: store.count),
            second: try checkpoint.floats("moments.second", count: store.count))
        stepCounts = try checkpoint.int64s("stepCounts", count: store.blocks.count)
        for steps in stepCounts { _ = try count(Int(steps), "stepCounts") }
        if checkpoint.tensors.contains(where: { $0.name == Self.maskName }) {
            let words = try checkpoint.int64s(Self.maskName, count: ParameterMask.wordCount(store.count))
            mask = ParameterMask(count: store.count, words: words)
            if mask == nil { throw checkpoint.failure("removes parameters that do not exist") }
        } else if stageStep > 0, stages[stage].trains(.weight), !store.prunedAdapters.isEmpty {
            throw checkpoint.failure("has no '\(Self.maskName)'")
        }
        try restoreCombination(checkpoint, facts, context)
        let parts = context.measuredParts[stage].parts.count
        if stageStep > 0, parts > 0 {
            let count = AgreementSums.count(tasks: names.count, parts: parts)
            let values = try checkpoint.doubles(Self.agreementName, count: 3 * count)
            agreement = stride(from: 0, to: values.count, by: count).map {
                AgreementSums(tasks: names.count, values: Array(values[$0..<$0 + count]))
            }
            try require(agreement.allSatisfy(\.arePossible), Self.agreementName)
        } else {
            try require(
                !checkpoint.tensors.contains { $0.name == Self.agreementName }, Self.agreementName)
        }
        for (index, (task, name)) in zip(progress.tasks, names).enumerated() {
            for score in [task.best, task.lastScore] { _ = try count(score?.step ?? 0, "tasks[\(index)]") }
            let tensor = "best.\(name)"
            let isKept = checkpoint.tensors.contains { $0.name == tensor }
            tasks[index] = TaskProgress(
                best: try task.best.map {
                    let count = store.layouts[index].count
                    return Best(score: $0, values: isKept ? try checkpoint.floats(tensor, count: count) : nil)
                },
                evaluationsSinceBest: try count(
                    task.evaluationsSinceBest, "tasks[\(index)].evaluationsSinceBest"),
                isActive: task.isActive, lastScore: task.lastScore)
        }
        if let mean = progress.bestMean {
            try require(mean.scores.count == names.count, "bestMean")
            bestMean = BestMean(
                step: try count(mean.step, "bestMean"), scores: mean.scores,
                values: try checkpoint.floats("best mean", count: store.count))
        }
    }

    private static let maskName = "removed"
    private static let agreementName = "agreement"
}

extension PlannerState {
    /// Reads the planner's state from a checkpoint.
    init(_ checkpoint: Checkpoint, _ facts: TrainingState.Facts, _ sampler: any Sampler) throws {
        positions = try facts.positions.map { try checkpoint.count($0, "positions") }
        (requested, lags, remainders) = (facts.requested, facts.lags, facts.remainders)
        try checkpoint.require(requested.allSatisfy { $0.isFinite && $0 >= 0 }, "requested")
        try checkpoint.require(lags.allSatisfy(\.isFinite), "lags")
        try checkpoint.require(remainders.allSatisfy(\.isFinite), "remainders")
        memory = facts.sampler
        try checkpoint.require(memory.fits(sampler, tasks: positions.count), "sampler")
        microBatches = try checkpoint.count(facts.microBatches, "microBatches")
    }
}

extension Checkpoint {
    func require(_ isUsable: Bool, _ key: String) throws {
        if !isUsable { throw unusable(key) }
    }

    /// A number of steps, micro-batches or examples.
    ///
    /// The bound of 2^53 is beyond any run, and sums of such numbers do not overflow.
    func count(_ value: Int, _ key: String) throws -> Int {
        try require((0...1 << 53).contains(value), key)
        return value
    }
}
