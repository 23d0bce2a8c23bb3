import Adapters
import Studies
import Training

/// One step of AdamW on the blocks that have a gradient.
///
/// Blocks of tasks that took no part are left alone, moments and all.
struct ParameterUpdate {
    private let context: RunContext
    private let steps: [BlockStep]

    /// Plans the step of the gradient's blocks at their rates.
    init(_ context: RunContext, _ schedule: StageSchedule, _ state: TrainingState, _ gradient: StepGradient) {
        self.context = context
        steps = gradient.blocks.map { BlockStep($0, context, schedule, state) }
    }

    /// Clips the gradient as a whole and steps every block, or leaves the state as it was and throws a `Divergence`.
    ///
    /// - Returns: the gradient's norm before clipping
    func apply(_ gradient: StepGradient, to state: inout TrainingState) throws -> Double {
        let (settings, store) = (context.study.optimizer, context.store)
        let norm = gradient.norm
        let scale = norm.scale(limit: settings.clip)
        // Decay and a huge rate can overflow where every gradient is finite; only then is there something to undo.
        let isSafe = steps.allSatisfy { step in
            state.moments.staysFinite(
                state.values, gradientsUpTo: norm.value * Double(scale), step.range, time: step.time,
                learningRate: step.rate, decay: step.decay, settings)
        }
        let saved = isSafe ? nil : SavedBlocks(gradient.blocks, state, store)
        for step in steps {
            state.moments.step(
                &state.values, gradient: gradient.base, scale: scale, step.range, time: step.time,
                learningRate: step.rate, decay: step.decay, settings)
            state.times[step.block] += 1
        }
        if let saved, let bad = steps.first(where: { !state.values[$0.range].allSatisfy(\.isFinite) }) {
            saved.restore(&state, store)
            let block = store.blocks[bad.block]
            let names = block.tasks.map { context.names[$0] }.joined(separator: ", ")
            throw Divergence("the update of \(block.slice.name) of \(names)", step: state.step + 1)
        }
        return norm.value
    }

    private struct BlockStep {
        let block: Int
        let range: Range<Int>
        /// How often the block will have been stepped in this stage.
        let time: Int
        let rate: Double
        let decay: Double

        init(_ index: Int, _ context: RunContext, _ schedule: StageSchedule, _ state: TrainingState) {
            let (block, settings) = (context.store.blocks[index], context.study.optimizer)
            self.block = index
            range = block.range
            time = Int(state.times[index]) + 1
            rate = schedule.learningRate(block.slice.kind, step: state.stageStep)
            let decays =
                settings.decayBiasAndNorm || block.slice.kind == .weight
                || block.slice.name == HeadSlice.weight
            decay = decays ? settings.weightDecay : 0
        }
    }
}
