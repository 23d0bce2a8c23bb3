import Adapters
import Combination
import Diagnostics
import Sampling
import Studies
import Tasks
import Training

/// Decides the next directive for all ranks; only rank 0 has one.
///
/// A decision is a function of the training state and the planner's state. Checkpoints hold both, so a
/// resumed run makes the same decisions.
final class Coordinator {
    private let context: RunContext
    private let ranks: [Int]
    private let cache: ActivationCache
    private let pausePoint: PausePoint?
    /// The examples drawn for the steps taken in this stage, and the sampler's memory.
    private(set) var drawn: PlannerState
    private var planner: Planner?
    /// The draw of the current step, or of the next one if it was drawn ahead.
    private var ahead: (key: Draw.Key, draw: Draw)?
    private var pendingChunks: [PooledChunk] = []
    /// The stage whose chunks are planned.
    private var chunksPlannedFor: Int?
    /// The step of a checkpoint that holds all of the state.
    private var checkpointedAt: Int?
    /// Whether any rank has received a request to stop.
    private var isStopRequested = false
    /// Chunks of pooled vectors computed so far, and all that this stage needs.
    private(set) var pooledProgress = (done: 0, total: 0)

    init(_ context: RunContext, ranks: [Int], _ cache: ActivationCache, pausePoint: PausePoint?) {
        self.context = context
        self.ranks = ranks
        self.cache = cache
        self.pausePoint = pausePoint
        drawn = context.undrawn
    }

    /// Resumes from a checkpoint of a step.
    func resume(at step: Int, _ drawn: PlannerState) {
        self.drawn = drawn
        checkpointedAt = step
    }

    func requestStop() { isStopRequested = true }

    func checkpointWritten(at step: Int) { checkpointedAt = step }

    /// Whether a checkpoint holds this state.
    func isCheckpointed(_ state: TrainingState) -> Bool { checkpointedAt == state.step }

    /// Commits the draw of a step that has been taken.
    ///
    /// - Parameter losses: the mean loss of each task in the step; nil for one that took no part
    func stepTaken(losses: [Double?]) {
        guard let draw = ahead?.draw else { preconditionFailure("a step was drawn before it was taken") }
        drawn = draw.after
        guard let sampler = context.study.sampler.sampler as? any LossSampler else { return }
        sampler.update(
            StepLosses(
                names: context.names, losses: losses,
                microBatches: context.names.indices.map { task in
                    draw.plan.microBatches.count { $0.task == task }
                }, probabilities: draw.probabilities), &drawn.memory)
    }

    /// Takes the scores of an evaluation; nil for a task that was not scored.
    ///
    /// A plan that was drawn before has another key than the next step, and is not used.
    func evaluated(scores: [Double?]) {
        // A checkpoint of this step, saved before the evaluation, lacks its scores.
        checkpointedAt = nil
        guard let sampler = context.study.sampler.sampler as? any ScoreSampler else { return }
        sampler.update(scores: scores, &drawn.memory)
    }

    /// The probabilities with which the sampler asks for the next micro-batches.
    func probabilities(_ state: TrainingState) -> [Double] {
        planner(state, context.stages[state.stage]).shares(key(state)).asked
    }

    /// A warning if tasks cannot have the shares that the sampler asks for, since every step holds every
    /// task.
    func shareWarning(_ state: TrainingState) -> Failure? {
        let shares = planner(state, context.stages[state.stage]).shares(key(state))
        guard let task = context.names.indices.max(by: { raised($0) < raised($1) }), raised(task) > 0.005
        else { return nil }
        func raised(_ task: Int) -> Double { shares.drawn[task] - shares.asked[task] }
        func percent(_ share: Double) -> String { "\((1000 * share).rounded() / 10) %" }
        return .usage(
            "\(type(of: context.study.combination.rule).name) needs every task in every step, so "
                + "\(context.names[task]) gets \(percent(shares.drawn[task])) of the micro-batches, not "
                + "\(percent(shares.asked[task]))", at: "sampler",
            remedy: "a smaller batch.microBatch comes closer to the sampler's shares")
    }

    /// Begins the next stage, with every task's stream at its start.
    func beginStage() {
        drawn = context.undrawn
        planner = nil
        ahead = nil
    }

    func decide(_ state: TrainingState) -> Directive {
        func finish(_ ending: RunEnding) -> Directive {
            isCheckpointed(state) ? .finish(ending) : .checkpoint
        }
        if isStopRequested { return finish(.stopped) }
        let schedule = context.stages[state.stage]
        let isOver = state.stageStep == schedule.steps || !state.active.contains(true)
        if isOver || isDue(context.study.evaluation.every, state.stageStep), state.evaluatedAt != state.step,
            state.active.contains(true)
        {
            return .evaluate
        }
        if isOver {
            if state.stage + 1 < context.stages.count { return .nextStage }
            return finish(.finished)
        }
        if let pausePoint, pausePoint.isReached(state, schedule) { return finish(.paused) }
        if let pruning = context.model.pruning, state.mask == nil, schedule.trains(.weight) {
            return .prune(scoringPlans(pruning))
        }
        if isDue(context.study.checkpoint.every, state.step), !isCheckpointed(state) { return .checkpoint }
        if schedule.stage == .head, let chunks = nextChunks(state, schedule) {
            return .pool(chunks, ranks: assign(costs: chunks.map(cache.cost), to: ranks))
        }
        return .step(draw(state, schedule).plan)
    }

    /// Draws the next step's plan ahead, so that no rank waits for it.
    func drawAhead(_ state: TrainingState) {
        let schedule = context.stages[state.stage]
        guard state.stageStep < schedule.steps, state.active.contains(true) else { return }
        _ = draw(state, schedule)
    }

    /// A plan for each adapter, with the examples that its entries are scored on, if the score reads any.
    ///
    /// Examples are drawn from the adapter's tasks like those of a step, in streams that no stage uses.
    private func scoringPlans(_ pruning: Pruning) -> [StepPlan] {
        context.store.prunedAdapters.enumerated().map { index, adapter in
            if !pruning.score.readsExamples || pruning.sparsity == 0 { return StepPlan([]) }
            let available = adapter.tasks.reduce(0) { $0 + context.data[$1].trainingIndices.count }
            let examples = min(pruning.examples, available)
            let planner = Planner(
                seed: context.study.seed,
                batch: BatchSettings(
                    examples: examples, microBatch: min(context.study.batch.microBatch, examples)),
                sampler: context.study.sampler,
                tasks: context.data.map { ($0.task.name, $0.trainingIndices) },
                stage: context.stages.count + index, steps: 1, tokens: context)
            let key = Draw.Key(
                step: 0, active: context.data.indices.map(adapter.tasks.contains), context.undrawn)
            return assigned(planner.draw(key).plan)
        }
    }

    private func assigned(_ plan: StepPlan) -> StepPlan {
        var plan = plan
        plan.ranks = assign(
            costs: plan.microBatches.map { cost(of: $0.examples, in: context.data[$0.task].train) }, to: ranks
        )
        return plan
    }

    private func isDue(_ every: Int, _ step: Int) -> Bool { every > 0 && step > 0 && step % every == 0 }

    private func draw(_ state: TrainingState, _ schedule: StageSchedule) -> Draw {
        let key = key(state)
        if let ahead, ahead.key == key { return ahead.draw }
        var draw = planner(state, schedule).draw(key)
        draw.plan = assigned(draw.plan)
        ahead = (key, draw)
        return draw
    }

    private func key(_ state: TrainingState) -> Draw.Key {
        Draw.Key(step: state.stageStep, active: state.active, drawn)
    }

    private func planner(_ state: TrainingState, _ schedule: StageSchedule) -> Planner {
        if let planner, planner.stage == state.stage { return planner }
        let made = Planner(
            seed: context.study.seed, batch: context.study.batch, sampler: context.study.sampler,
            tasks: context.data.map { ($0.task.name, $0.trainingIndices) }, stage: state.stage,
            steps: schedule.steps, holdsEveryTask: context.needsEveryTask(in: schedule), tokens: context)
        planner = made
        return made
    }

    /// The next chunks of pooled vectors to compute before a head stage's steps; nil if none are left.
    ///
    /// They cover the examples that the stage's plans will draw. If a task stops early or the sampler is
    /// adaptive, later plans change, and a long stage is not planned to the end: a rank computes missing
    /// vectors when it reads them.
    private func nextChunks(_ state: TrainingState, _ schedule: StageSchedule) -> [PooledChunk]? {
        if chunksPlannedFor != state.stage {
            chunksPlannedFor = state.stage
            let needed = planner(state, schedule).examples(from: key(state))
            for (task, data) in context.data.enumerated() {
                pendingChunks += PooledChunk.chunks(of: needed[task], context.splits.train[task])
                for (set, evaluation) in data.evaluationSets.enumerated() {
                    pendingChunks += PooledChunk.chunks(
                        of: evaluation.indices, context.splits.evaluationSets[task][set])
                }
            }
            // Held-out examples share chunks with training examples, and tasks may share splits.
            var seen: Set<PooledChunk> = []
            pendingChunks = pendingChunks.filter { !cache.isCached($0) && seen.insert($0).inserted }
            // Chunks are taken from the end.
            pendingChunks.reverse()
            pooledProgress = (0, pendingChunks.count)
        }
        if pendingChunks.isEmpty { return nil }
        // Few enough for a quick response to a stop request, many enough for an even load.
        let chunks = Array(pendingChunks.suffix(16 * ranks.count).reversed())
        pendingChunks.removeLast(chunks.count)
        pooledProgress.done += chunks.count
        return chunks
    }
}
