import Adapters
import Studies
import Tasks
import Training

/// Decides what all ranks do next; rank 0 alone has one.
///
/// A decision is a function of the training state and the planner's state, both of which checkpoints hold: a
/// resumed run decides as the first one would have.
final class Coordinator {
    private let context: RunContext
    private let ranks: [Int]
    private let cache: ActivationCache
    /// What was drawn for the steps that have been taken in this stage.
    private(set) var drawn: PlannerState
    private var planner: Planner?
    /// The draw of the step under way, or of the next one, which is drawn while no rank waits for it.
    private var ahead: (key: DrawKey, draw: Draw)?
    private var pendingChunks: [PooledChunk] = []
    private var chunksPlannedFor = -1
    /// The step of the latest checkpoint, or -1.
    var checkpointedAt = -1
    /// Whether some rank was asked to stop.
    var stopRequested = false
    /// Chunks of pooled vectors that have been computed, and all that this stage needs.
    private(set) var pooledProgress = (done: 0, total: 0)

    init(_ context: RunContext, ranks: [Int], _ cache: ActivationCache) {
        self.context = context
        self.ranks = ranks
        self.cache = cache
        drawn = PlannerState(tasks: context.data.count)
    }

    /// Goes on from a checkpoint of a step.
    func resume(at step: Int, _ drawn: PlannerState) {
        self.drawn = drawn
        checkpointedAt = step
    }

    /// Counts the draw of a step that has been taken.
    func stepTaken() {
        if let ahead { drawn = ahead.draw.after }
    }

    /// Begins the next stage, which draws every task from its start.
    func beginStage() {
        drawn = PlannerState(tasks: context.data.count)
        planner = nil
        ahead = nil
    }

    /// The next directive.
    func decide(_ state: TrainingState) -> Directive {
        if stopRequested { return checkpointedAt == state.step ? .finish(stopped: true) : .checkpoint }
        let schedule = context.stages[state.stage]
        let isOver = state.stageStep == schedule.steps || !state.active.contains(true)
        if isOver || isDue(context.study.evaluation.every, state.stageStep), state.evaluatedAt != state.step,
            state.active.contains(true)
        {
            return .evaluate
        }
        if isOver {
            if state.stage + 1 < context.stages.count { return .nextStage }
            return checkpointedAt == state.step ? .finish(stopped: false) : .checkpoint
        }
        if let pruning = context.model.pruning, state.mask == nil, schedule.trains(.weight) {
            return .prune(scoringPlans(pruning))
        }
        if isDue(context.study.checkpoint.every, state.step), checkpointedAt != state.step {
            return .checkpoint
        }
        if schedule.stage == .head, let chunks = nextChunks(state, schedule) {
            return .pool(chunks, ranks: assign(costs: chunks.map(cache.cost), to: ranks))
        }
        return .step(draw(state, schedule).plan)
    }

    /// Draws the next step's plan now, so that nobody waits for it later.
    func drawAhead(_ state: TrainingState) {
        let schedule = context.stages[state.stage]
        guard state.stageStep < schedule.steps, state.active.contains(true) else { return }
        _ = draw(state, schedule)
    }

    /// The examples that each adapter's entries are scored on, none where the scores need none.
    ///
    /// They are drawn among the adapter's tasks as a step's are, from streams that no stage draws from.
    private func scoringPlans(_ pruning: Pruning) -> [StepPlan] {
        context.store.prunedAdapters.enumerated().map { index, adapter in
            if !pruning.score.readsExamples || pruning.sparsity == 0 { return StepPlan([]) }
            let available = adapter.tasks.reduce(0) { $0 + context.data[$1].drawn.count }
            let examples = min(pruning.examples, available)
            let planner = Planner(
                seed: context.study.seed,
                batch: BatchSettings(
                    examples: examples, microBatch: min(context.study.batch.microBatch, examples)),
                sampler: context.study.sampler, tasks: context.data.map { ($0.task.name, $0.drawn) },
                stage: context.stages.count + index, steps: 1, tokens: context)
            let key = DrawKey(
                step: 0, active: context.data.indices.map(adapter.tasks.contains),
                PlannerState(tasks: context.data.count))
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
        let key = DrawKey(step: state.stageStep, active: state.active, drawn)
        if let ahead, ahead.key == key { return ahead.draw }
        var draw = planner(state, schedule).draw(key)
        draw.plan = assigned(draw.plan)
        ahead = (key, draw)
        return draw
    }

    private func planner(_ state: TrainingState, _ schedule: StageSchedule) -> Planner {
        if let planner, planner.stage == state.stage { return planner }
        let made = Planner(
            seed: context.study.seed, batch: context.study.batch, sampler: context.study.sampler,
            tasks: context.data.map { ($0.task.name, $0.drawn) }, stage: state.stage, steps: schedule.steps,
            tokens: context)
        planner = made
        return made
    }

    /// The next pooled vectors to compute before a head stage's steps: those of the examples that its plans
    /// will draw.
    ///
    /// A task that stops early changes later plans, and a long stage's plans are not drawn to their end;
    /// vectors that are then missing are computed by the rank that reads them.
    private func nextChunks(_ state: TrainingState, _ schedule: StageSchedule) -> [PooledChunk]? {
        if chunksPlannedFor != state.stage {
            chunksPlannedFor = state.stage
            let needed = planner(state, schedule).examples(
                from: DrawKey(step: state.stageStep, active: state.active, drawn))
            for (task, data) in context.data.enumerated() {
                pendingChunks += PooledChunk.chunks(of: needed[task], context.splits.train[task])
                for (set, evaluation) in data.sets.enumerated() {
                    pendingChunks += PooledChunk.chunks(
                        of: evaluation.indices, context.splits.sets[task][set])
                }
            }
            // Held-out examples share chunks with the training examples around them, and tasks may share all of them.
            var seen: Set<PooledChunk> = []
            pendingChunks = pendingChunks.filter { !cache.isCached($0) && seen.insert($0).inserted }
            // They are taken from the end.
            pendingChunks.reverse()
            pooledProgress = (0, pendingChunks.count)
        }
        if pendingChunks.isEmpty { return nil }
        // Few enough for a request to stop to be heard soon, many enough for an even share.
        let chunks = Array(pendingChunks.suffix(16 * ranks.count).reversed())
        pendingChunks.removeLast(chunks.count)
        pooledProgress.done += chunks.count
        return chunks
    }
}
