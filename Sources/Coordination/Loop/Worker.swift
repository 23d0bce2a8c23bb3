import Adapters
import Collectives
import Diagnostics
import Encoders
import Kernels
import Runs
import Studies
import Training

/// Takes optimizer steps: gradients → exact sum → combination of tasks → clipping → AdamW on every rank.
final class Worker {
    private let context: RunContext
    private let pass: GradientPass
    private let combination: any GradientCombination
    private let gradient: StepGradient
    private let weighting: StepWeighting

    init(_ context: RunContext, _ pass: GradientPass) {
        self.context = context
        self.pass = pass
        gradient = StepGradient(context.store)
        weighting = StepWeighting(context.study)
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
        guard weighting.looksBack else {
            return try take(plan, schedule, &state, stopRequested, recordingGradients)
        }
        // A collective follows the update. A rank that waits in it may have to save the state from before.
        var next = state
        let result = try take(plan, schedule, &next, stopRequested, recordingGradients)
        state = next
        return result
    }

    private func take(
        _ plan: StepPlan, _ schedule: StageSchedule, _ state: inout TrainingState, _ stopRequested: Bool,
        _ recordingGradients: Bool
    ) throws -> StepResult {
        let blocks = context.store.blocks
        let isMeasured = !context.measuredParts[state.stage].blocks.isEmpty
        let readsTasks = combination.readsTasks || isMeasured || recordingGradients
        let rows = GradientRows(
            context.store, tasks: plan.tasks, isSummed: !readsTasks, isMeasured: isMeasured
        ) { schedule.trains(blocks[$0].slice.kind) }
        let sums: GradientPass.Result
        do {
            sums = try pass.compute(
                plan, rows, at: state.values, mode(schedule, step: state.step), mask: state.mask,
                stopRequested: stopRequested)
        } catch let bad as NonFiniteContribution {
            throw Divergence(pass.name(of: bad, rows), step: state.step + 1)
        }
        let recorded = recordingGradients ? gradients(sums.gradients, examples: plan.examples) : []
        let losses = zip(plan.tasks, sums.losses).map { $1 / Double(plan.examples(of: $0)) }
        var combining = CombinationState(
            step: state.step, stageStep: state.stageStep, epoch: schedule.epoch(at: state.stageStep),
            losses: losses, mask: state.mask, memory: state.memory)
        let products =
            combination.readsTasks || isMeasured
            ? timed(.agreement) { SharedProducts(sums.gradients, context.store, state.mask) } : .none
        let compared = timed(.optimizer) {
            combination.combine(sums.gradients, products, of: plan, &combining, into: gradient)
        }
        let measured = timed(.agreement) {
            isMeasured ? measure(sums, products, plan, schedule, state) : nil
        }
        var report = compared?.report
        let norm = try timed(.optimizer) {
            gradient.clear(state.mask)
            let update = ParameterUpdate(context, schedule, state, gradient)
            if let compared, !compared.blocks.isEmpty {
                compared.sum.clear(state.mask)
                report?.effect = update.effect(of: gradient, compared, state)
            }
            return try update.apply(gradient, compared, of: plan.tasks, to: &state)
        }
        if let effect = report?.effect { state.effect.add(effect) }
        state.memory = combining.memory
        if let measured { state.agreement = measured.sums }
        if weighting.looksBack { try lookBack(plan, losses, schedule, &state) }
        state.step += 1
        state.stageStep += 1
        return StepResult(
            losses: sums.losses, gradients: recorded, gradientNorm: norm,
            gramian: products.gramian(sums.gradients, of: plan, tasks: context.names.count),
            combination: report, agreement: measured, tokens: sums.tokens, bytes: pass.bytes,
            isStopRequested: sums.isStopRequested)
    }

    /// Compares the tasks' gradients, and adds the step to the sums of its third of the stage.
    private func measure(
        _ sums: GradientPass.Result, _ products: SharedProducts, _ plan: StepPlan, _ schedule: StageSchedule,
        _ state: TrainingState
    ) -> MeasuredAgreement {
        let (tasks, shared) = (context.names.count, context.measuredParts[state.stage])
        let step = StepAgreement(
            sums.gradients, losses: sums.losses, products, of: plan, shared, context.store, tasks: tasks
        ) { schedule.learningRate($0, step: state.stageStep) }
        var thirds = state.agreement
        if thirds.isEmpty {
            thirds = (0..<3).map { _ in AgreementSums(tasks: tasks, parts: shared.parts.count) }
        }
        thirds[3 * state.stageStep / schedule.steps].add(step)
        return MeasuredAgreement(step: step, sums: thirds)
    }

    /// Computes the losses of the step's examples after its update, for a weighting that learns from them.
    ///
    /// Dropout is the same as before the update, so the losses differ by the update alone.
    ///
    /// - Throws: a `Divergence` if a loss is not finite
    private func lookBack(
        _ plan: StepPlan, _ losses: [Double], _ schedule: StageSchedule, _ state: inout TrainingState
    ) throws {
        do {
            let sums = try pass.losses(of: plan, at: state.values, mode(schedule, step: state.step))
            let after = zip(plan.tasks, sums).map { $1 / Double(plan.examples(of: $0)) }
            weighting.learn(plan.tasks, before: losses, after: after, &state.memory)
        } catch let bad as NonFiniteContribution {
            throw Divergence(
                "after the update, the loss of \(context.names[plan.tasks[bad.row]])", step: state.step + 1)
        }
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
