import Adapters
import Studies
import Training

/// One step of AdamW on the blocks that have a gradient.
///
/// Blocks of tasks that are not in the step keep their values and moments.
struct ParameterUpdate {
    private let context: RunContext
    private let steps: [BlockStep]

    /// Looks up the rate, decay and step count of each block of the gradient.
    init(_ context: RunContext, _ schedule: StageSchedule, _ state: TrainingState, _ gradient: StepGradient) {
        self.context = context
        steps = gradient.blocks.map { BlockStep($0, context, schedule, state) }
    }

    /// Clips the whole gradient and steps every block.
    ///
    /// - Returns: the gradient's norm before clipping
    /// - Throws: a `Divergence` if an update is not finite; the state is then unchanged
    func apply(_ gradient: StepGradient, to state: inout TrainingState) throws -> Double {
        let (settings, store) = (context.study.optimizer, context.store)
        let norm = gradient.norm
        let scale = norm.scale(limit: settings.clip)
        // A large rate or decay can overflow although every gradient is finite. Blocks are saved only if it
        // might.
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
            state.stepCounts[step.block] += 1
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
        /// The block's step count in this stage, including this step.
        let time: Int
        let rate: Double
        let decay: Double

        init(_ index: Int, _ context: RunContext, _ schedule: StageSchedule, _ state: TrainingState) {
            let (block, settings) = (context.store.blocks[index], context.study.optimizer)
            self.block = index
            range = block.range
            time = Int(state.stepCounts[index]) + 1
            rate = schedule.learningRate(block.slice.kind, step: state.stageStep)
            let decays =
                settings.decayBiasAndNorm || block.slice.kind == .weight
                || block.slice.name == HeadSlice.weight
            decay = decays ? settings.weightDecay : 0
        }
    }
}
