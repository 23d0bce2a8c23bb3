import Adapters
import Collectives
import Diagnostics
import Encoders
import Kernels
import Studies
import Training

/// Takes optimizer steps: gradients → exact sum → combination of tasks → clipping → AdamW on every rank.
final class Worker {
    private let context: RunContext
    private let pass: GradientPass
    private let combination: any GradientCombination
    private let gradient: StepGradient

    init(_ context: RunContext, _ pass: GradientPass) {
        self.context = context
        self.pass = pass
        gradient = StepGradient(context.store)
        combination =
            context.combinesByRule ? GradientsByRule(context.store, context.study) : SumOfGradients()
    }

    /// Takes one step of a stage.
    ///
    /// The cost of the update is that of the blocks in the step. All ranks record gradients in a step, or
    /// none.
    ///
    /// - Throws: a `Divergence` if a gradient, loss or update is not finite; the state is then unchanged
    func step(
        _ plan: StepPlan, _ schedule: StageSchedule, _ state: inout TrainingState, stopRequested: Bool,
        recordingGradients: Bool = false
    ) throws -> StepResult {
        let blocks = context.store.blocks
        let isMeasured = !context.measuredParts[state.stage].blocks.isEmpty
        let readsTasks = combination.readsTasks || isMeasured || recordingGradients
        let rows = GradientRows(
            context.store, tasks: plan.tasks, isSummed: !readsTasks, isMeasured: isMeasured
        ) { schedule.trains(blocks[$0].slice.kind) }
        let before = (pass.secondsWaiting, pass.secondsCommunicating)
        let sums: GradientPass.Result
        do {
            sums = try pass.compute(
                plan, rows, at: state.values, mode(schedule, step: state.step), mask: state.mask,
                stopRequested: stopRequested)
        } catch let bad as NonFiniteContribution {
            throw Divergence(pass.name(of: bad, rows), step: state.step + 1)
        }
        let recorded = recordingGradients ? gradients(sums.gradients, examples: plan.examples) : []
        var combining = CombinationState(step: state.step, mask: state.mask, memory: state.memory)
        let compared = timed(.optimizer) {
            combination.combine(sums.gradients, of: plan, &combining, into: gradient)
        }
        let measured = timed(.agreement) {
            isMeasured ? measure(sums, plan, schedule, state) : nil
        }
        let norm = try timed(.optimizer) {
            gradient.clear(state.mask)
            return try ParameterUpdate(context, schedule, state, gradient).apply(gradient, to: &state)
        }
        state.memory = combining.memory
        if let measured { state.agreement = measured.sums }
        state.step += 1
        state.stageStep += 1
        return StepResult(
            losses: sums.losses, gradients: recorded, gradientNorm: norm, combination: compared,
            agreement: measured, tokens: sums.tokens, bytes: pass.bytes,
            secondsWaiting: pass.secondsWaiting - before.0,
            secondsCommunicating: pass.secondsCommunicating - before.1,
            isStopRequested: sums.isStopRequested)
    }

    /// Compares the tasks' gradients, and adds the step to the sums of its third of the stage.
    private func measure(
        _ sums: GradientPass.Result, _ plan: StepPlan, _ schedule: StageSchedule, _ state: TrainingState
    ) -> MeasuredAgreement {
        let (tasks, shared) = (context.names.count, context.measuredParts[state.stage])
        let products = SharedProducts(sums.gradients, context.store, state.mask)
        let step = StepAgreement(
            sums.gradients, losses: sums.losses, products, of: plan, shared, context.store, tasks: tasks
        ) { schedule.learningRate($0, step: state.stageStep) }
        var thirds = state.agreement
        if thirds.isEmpty {
            thirds = (0..<3).map { _ in AgreementSums(tasks: tasks, parts: shared.parts.count) }
        }
        thirds[3 * state.stageStep / schedule.steps].add(step)
        return MeasuredAgreement(
            gramian: products.gramian(sums.gradients, examples: step.examples), step: step, sums: thirds)
    }

    /// In a head stage the encoder has no dropout, because its pooled vectors are cached.
    private func mode(_ schedule: StageSchedule, step: Int) -> GradientPass.Mode {
        let study = context.study
        let isHeadStage = schedule.stage == .head
        return GradientPass.Mode(
            stage: schedule.stage,
            randomness: AdaptedModel.Randomness(
                encoder: EncoderDropout(
                    hidden: isHeadStage ? 0 : Float(study.dropout.hidden),
                    attention: isHeadStage ? 0 : Float(study.dropout.attention),
                    seed: study.seed, step: UInt64(step)), head: Float(study.head.dropout)))
    }

    private func gradients(_ gradients: TaskGradients, examples: Int) -> [[Float]] {
        gradients.rows.tasks.enumerated().map { row, task in
            gradients.rows.vector(
                row, gradients.sums[row], count: context.store.layouts[task].count, times: 1 / Float(examples)
            )
        }
    }
}
