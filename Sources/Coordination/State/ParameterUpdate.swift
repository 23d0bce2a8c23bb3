import Adapters
import Studies
import Training

/// One step of AdamW on the blocks that have a gradient.
///
/// Blocks of tasks that are not in the step keep their values and moments.
struct ParameterUpdate {
    let context: RunContext
    let steps: [BlockStep]

    /// Looks up the rate, decay and step count of each block of the gradient.
    init(_ context: RunContext, _ schedule: StageSchedule, _ state: TrainingState, _ gradient: StepGradient) {
        self.context = context
        steps = gradient.blocks.map { BlockStep($0, context, schedule, state) }
    }

    /// Clips the gradient of a step's tasks and steps every block.
    ///
    /// Where a rule combined tasks, the bound is on the norm of its whole result. Other blocks are clipped by
    /// the norm of the weighted sum, so that no rule changes them.
    ///
    /// - Returns: the gradient's norm before clipping
    /// - Throws: a `Divergence` if an update is not finite; the state is then unchanged
    func apply(
        _ gradient: StepGradient, _ compared: ComparedGradients?, of tasks: [Int],
        to state: inout TrainingState
    ) throws -> Double {
        let (settings, store) = (context.study.optimizer, context.store)
        let norm = gradient.norm
        let combined = norm.scale(limit: settings.clip)
        let summed = compared?.weightedNorm.scale(limit: settings.clip) ?? combined
        let blocks = Set(compared?.blocks ?? [])
        func scale(_ step: BlockStep) -> Float { blocks.contains(step.block) ? combined : summed }
        if context.hasPerTaskMoments, state.perTask == nil {
            state.perTask = PerTaskMoments(store, tasks: context.names.count)
        }
        // A large rate or decay can overflow although every gradient is finite. The state is copied only if
        // it might; shares of tasks have no bound, since they can cancel out in the gradient.
        let isSafe = steps.allSatisfy { step in
            !step.isPerTask
                && state.moments.staysFinite(
                    state.values, gradientsUpTo: norm.value * Double(scale(step)), step.range,
                    time: step.time, learningRate: step.rate, decay: step.decay, settings)
        }
        let before = isSafe ? nil : state
        for step in steps {
            if step.isPerTask {
                takePerTask(step, gradient, scale(step), &state)
            } else {
                state.moments.step(
                    &state.values, gradient: gradient.base, scale: scale(step), step.range, time: step.time,
                    learningRate: step.rate, decay: step.decay, settings)
            }
            state.stepCounts[step.block] += 1
        }
        if let before, let bad = steps.first(where: { !state.values[$0.range].allSatisfy(\.isFinite) }) {
            state = before
            let block = store.blocks[bad.block]
            let names = block.tasks.map { context.names[$0] }.joined(separator: ", ")
            throw Divergence("the update of \(block.slice.name) of \(names)", step: state.step + 1)
        }
        for task in tasks { state.perTask?.steps[task] += 1 }
        return norm.value
    }

    /// Decays a block once, and takes the step of each task's moments.
    private func takePerTask(
        _ step: BlockStep, _ gradient: StepGradient, _ scale: Float, _ state: inout TrainingState
    ) {
        AdamW.decay(&state.values, step.range, learningRate: step.rate, decay: step.decay)
        gradient.forEachShare(of: step.block) { task, share in
            guard let place = context.store.perTask.range(step.block, of: task), let perTask = state.perTask
            else { return }
            state.perTask?.moments.step(
                &state.values, gradient: share, scale: scale, step.range, momentsAt: place.lowerBound,
                time: Int(perTask.steps[task]) + 1, learningRate: step.rate, decay: 0, context.study.optimizer
            )
        }
    }

    struct BlockStep {
        let block: Int
        let range: Range<Int>
        /// Whether each task has moments of its own on the block.
        let isPerTask: Bool
        /// The block's step count in this stage, including this step.
        let time: Int
        let rate: Double
        let decay: Double

        init(_ index: Int, _ context: RunContext, _ schedule: StageSchedule, _ state: TrainingState) {
            let (block, settings) = (context.store.blocks[index], context.study.optimizer)
            self.block = index
            range = block.range
            isPerTask = context.hasPerTaskMoments && block.tasks.count > 1
            time = Int(state.stepCounts[index]) + 1
            rate = schedule.learningRate(block.slice.kind, step: state.stageStep)
            let decays =
                settings.decayBiasAndNorm || block.slice.kind == .weight
                || HeadSlice.isMatrix(block.slice.name)
            decay = decays ? settings.weightDecay : 0
        }
    }
}
