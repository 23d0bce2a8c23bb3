import Adapters
import Studies
import Tasks
import Training

/// Decides what all ranks do next.
///
/// Only rank 0 has one.
///
/// A decision is a function of the state, so a run that goes on from a checkpoint decides as the first one would have.
final class Coordinator {
    private let context: RunContext
    private let ranks: [Int]
    private let cache: ActivationCache
    private var planner: Planner?
    /// The plan of the step after the one under way, drawn while nobody waits for it.
    private var ahead: (stage: Int, step: Int, active: [Bool], plan: StepPlan, after: PlannerState)?
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
    }

    /// The next directive.
    func decide(_ state: inout TrainingState) -> Directive {
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
        if let pruning = context.model.method.pruning, state.mask == nil, schedule.trains(.weight) {
            return .prune(scoringPlans(pruning))
        }
        if isDue(context.study.checkpoint.every, state.step), checkpointedAt != state.step {
            return .checkpoint
        }
        if schedule.stage == .head, let chunks = nextChunks(state, schedule) {
            return .pool(chunks, ranks: assign(costs: chunks.map(cache.cost), to: ranks))
        }
        let (plan, after) = draw(state, schedule)
        state.planner = after
        return .step(plan)
    }

    /// Draws the next step's plan now, so that nobody waits for it later.
    func drawAhead(_ state: TrainingState) {
        let schedule = context.stages[state.stage]
        guard state.stageStep < schedule.steps, state.active.contains(true) else { return }
        let (plan, after) = draw(state, schedule)
        ahead = (state.stage, state.stageStep, state.active, plan, after)
    }

    /// The examples that each adapter's entries are scored on, none where the scores need none.
    ///
    /// They are drawn among the adapter's tasks as a step's are, from streams that no stage draws from.
    private func scoringPlans(_ pruning: Pruning) -> [StepPlan] {
        context.store.prunedAdapters.enumerated().map { index, adapter in
            if !pruning.score.readsExamples || pruning.sparsity == 0 { return StepPlan(units: []) }
            let available = adapter.tasks.reduce(0) { $0 + context.data[$1].drawn.count }
            let examples = min(pruning.examples, available)
            let planner = Planner(
                seed: context.study.seed,
                batch: BatchSettings(examples: examples, unit: min(context.study.batch.unit, examples)),
                sampler: context.study.sampler, tasks: context.data.map { ($0.task.name, $0.drawn) },
                stage: context.stages.count + index, steps: 1, tokens: tokens)
            let (plan, _) = planner.draw(
                step: 0, PlannerState(tasks: context.data.count),
                active: context.data.indices.map(adapter.tasks.contains))
            return assigned(plan)
        }
    }

    private func tokens(_ task: Int, _ example: Int) -> Int { context.data[task].train.tokens(example) }

    private func assigned(_ plan: StepPlan) -> StepPlan {
        var plan = plan
        plan.ranks = assign(
            costs: plan.units.map { cost(of: $0.examples, in: context.data[$0.task].train) }, to: ranks)
        return plan
    }

    private func isDue(_ every: Int, _ step: Int) -> Bool { every > 0 && step > 0 && step % every == 0 }

    private func draw(_ state: TrainingState, _ schedule: StageSchedule) -> (StepPlan, PlannerState) {
        if let ahead, ahead.stage == state.stage, ahead.step == state.stageStep, ahead.active == state.active
        {
            return (ahead.plan, ahead.after)
        }
        let (plan, after) = planner(state, schedule).draw(
            step: state.stageStep, state.planner, active: state.active)
        return (assigned(plan), after)
    }

    private func planner(_ state: TrainingState, _ schedule: StageSchedule) -> Planner {
        if let planner, planner.stage == state.stage { return planner }
        let made = Planner(
            seed: context.study.seed, batch: context.study.batch, sampler: context.study.sampler,
            tasks: context.data.map { ($0.task.name, $0.drawn) }, stage: state.stage, steps: schedule.steps,
            tokens: tokens)
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
                from: state.stageStep, state.planner, active: state.active)
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
