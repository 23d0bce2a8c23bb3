import Adapters
import Collectives
import Diagnostics
import Encoders
import Formats
import Kernels
import Tasks
import Training

/// What every rank does with a plan: its own units, the exact sum of everyone's, the same update everywhere.
final class Worker {
    private let context: RunContext
    private let communicator: any Communicator
    private let features: FrozenFeatures
    private let workspace: Workspace
    private let sum: ExactSum
    /// What frozen layers gave, where it is kept.
    var prefix: FrozenPrefix?
    private var gradient: FloatBuffer

    /// What a step told, beside its effect on the state.
    struct Outcome {
        /// Task by task in the plan's ascending order: the sum of its examples' losses, and its gradient.
        var losses: [Double] = []
        /// The gradient of each task that took part, in its own layout, divided by the step's examples: as backward
        /// gave it, also where parameters were removed.
        var gradients: [[Float]] = []
        var gradientNorm = 0.0
        var tokens = 0
        var bytes = 0
        var secondsWaiting = 0.0
        var secondsCommunicating = 0.0
        /// Whether some rank was asked to stop.
        var stopRequested = false
    }

    init(
        _ context: RunContext, _ communicator: any Communicator, _ features: FrozenFeatures,
        _ workspace: Workspace
    ) {
        self.context = context
        self.communicator = communicator
        self.features = features
        self.workspace = workspace
        sum = ExactSum(communicator)
        gradient = FloatBuffer(context.store.layouts.map(\.count).max() ?? 0)
    }

    /// Takes one step of a stage.
    ///
    /// A gradient, loss or update that is not finite leaves the state as it was and throws.
    func step(
        _ plan: StepPlan, _ schedule: StageSchedule, _ state: inout TrainingState, stopRequested: Bool
    ) throws -> Outcome {
        let (store, tasks) = (context.store, plan.tasks)
        // A row for each task, a group for each slice: only what this stage trains travels.
        let slices = tasks.map { task in
            store.layouts[task].slices.indices.filter { schedule.trains(store.layouts[task].slices[$0].kind) }
        }
        let spans = zip(tasks, slices).map { task, slices in
            store.layouts[task].ranges[slices[0]]
                .lowerBound..<store.layouts[task].ranges[slices[slices.count - 1]].upperBound
        }
        sum.begin(
            ReductionLayout(
                rows: zip(tasks, slices).map { task, slices in
                    slices.map { store.layouts[task].slices[$0].count }
                }),
            unitsPerRow: tasks.map { task in plan.units.count { $0.task == task } })

        let vectors = tasks.map { store.values(of: $0, in: state.values) }
        var sums = [Int64](repeating: 0, count: tasks.count + 1)
        var flags = [Int32](repeating: 0, count: tasks.count + 1)
        for (index, (unit, rank)) in zip(plan.units, plan.ranks).enumerated()
        where rank == communicator.rank {
            guard let row = tasks.firstIndex(of: unit.task) else { continue }
            communicator.watch?.enter(unit: index + 1)
            let batch = timed(.packing) { context.data[unit.task].train.batch(unit.examples) }
            gradient.matrix(1, gradient.count).fill(0)
            let loss = learn(unit, batch, schedule, vectors[row], step: state.step)
            sums[row] &+= FixedLoss.encode(loss) ?? 0
            if FixedLoss.encode(loss) == nil { flags[row] = 1 }
            sums[tasks.count] += Int64(batch.tokens)
            timed(.sum) {
                sum.add(
                    row: row,
                    UnsafeBufferPointer(
                        start: gradient.base + spans[row].lowerBound, count: spans[row].count))
            }
        }
        flags[tasks.count] = stopRequested ? 1 : 0

        var outcome = Outcome()
        let before = (sum.secondsWaiting, sum.secondsCommunicating)
        let rows: [UnsafeBufferPointer<Float>]
        do {
            rows = try timed(.sum) { try sum.finish(sums: &sums, maxima: &flags) }
        } catch let bad as NonFiniteContribution {
            let slice = store.layouts[tasks[bad.row]].slices[slices[bad.row][bad.group]]
            throw diverged("the gradient of \(context.names[tasks[bad.row]]) on \(slice.name)", state)
        }
        if schedule.stage != .head {
            for (unit, rank) in zip(plan.units, plan.ranks) {
                prefix?.note(unit.examples, context.splits.train[unit.task], by: rank)
            }
        }
        if let row = tasks.indices.first(where: { flags[$0] != 0 }) {
            throw diverged("the loss of \(context.names[tasks[row]])", state)
        }
        outcome.bytes = sum.bytesPerStep
        outcome.secondsWaiting = sum.secondsWaiting - before.0
        outcome.secondsCommunicating = sum.secondsCommunicating - before.1
        outcome.losses = tasks.indices.map { FixedLoss.decode(sums[$0]) }
        outcome.tokens = Int(sums[tasks.count])
        outcome.stopRequested = flags[tasks.count] != 0

        try timed(.optimizer) { try update(plan, rows, slices, spans, schedule, &state, &outcome) }
        return outcome
    }

    /// Clips the whole gradient and steps all blocks that have one, or leaves the state alone and throws.
    private func update(
        _ plan: StepPlan, _ rows: [UnsafeBufferPointer<Float>], _ slices: [[Int]], _ spans: [Range<Int>],
        _ schedule: StageSchedule, _ state: inout TrainingState, _ outcome: inout Outcome
    ) throws {
        let (store, tasks) = (context.store, plan.tasks)
        // The step's loss is the mean over all its examples, so tasks count by how many they bring.
        let share = 1 / Float(plan.examples)
        var flat = [Float](repeating: 0, count: store.count)
        var touched: Set<Int> = []
        for (row, task) in tasks.enumerated() {
            var own = [Float](repeating: 0, count: store.layouts[task].count)
            for i in spans[row] { own[i] = rows[row][i - spans[row].lowerBound] * share }
            for slice in slices[row] {
                let block = store.placements[task][slice]
                touched.insert(block)
                let (source, target) = (
                    store.layouts[task].ranges[slice].lowerBound, store.blocks[block].range
                )
                for i in 0..<target.count { flat[target.lowerBound + i] += own[source + i] }
            }
            outcome.gradients.append(own)
        }
        state.mask?.clear(&flat)
        outcome.gradientNorm = clipGlobalNorm(&flat, limit: context.study.optimizer.clip)
        var next = state
        update(touched.sorted(), flat, schedule, &next)
        // Decay and a huge rate can overflow where every gradient is finite.
        for block in touched.sorted().map({ store.blocks[$0] })
        where !next.values[block.range].allSatisfy(\.isFinite) {
            let names = block.tasks.map { context.names[$0] }.joined(separator: ", ")
            throw diverged("the update of \(block.slice.name) of \(names)", state)
        }
        state = next
        state.step += 1
        state.stageStep += 1
    }

    private func learn(
        _ unit: PlannedUnit, _ batch: PackedBatch, _ schedule: StageSchedule, _ vector: [Float], step: Int
    ) -> Double {
        let (study, train) = (context.study, context.data[unit.task].train)
        let frozen = schedule.stage == .head
        // In the head stage nothing in the encoder is trained, and its outputs are fixed.
        let split = context.splits.train[unit.task]
        let pooled = frozen ? features.pooled(unit.examples, split, workspace) : nil
        let randomness = AdaptedEncoder.Randomness(
            encoder: EncoderDropout(
                hidden: frozen ? 0 : Float(study.dropout.hidden),
                attention: frozen ? 0 : Float(study.dropout.attention),
                seed: study.seed, step: UInt64(step)), head: Float(study.head.dropout))
        return vector.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return 0 }
            return context.model.learn(
                batch, unit.examples.compactMap { train.targets[$0] }, stage: schedule.stage,
                context.store.layouts[unit.task], values: base, gradient: gradient.base, randomness,
                pooled: pooled, from: frozen ? nil : prefix?.input(unit.examples, split, batch), workspace)
        }
    }

    /// Steps the blocks that had a gradient; those of tasks that took no part are left alone, moments and all.
    private func update(
        _ touched: [Int], _ gradient: [Float], _ schedule: StageSchedule, _ state: inout TrainingState
    ) {
        let settings = context.study.optimizer
        for index in touched {
            let block = context.store.blocks[index]
            let decays =
                settings.decayBiasAndNorm || block.slice.kind == .weight
                || block.slice.name == HeadSlice.weight
            state.times[index] += 1
            state.moments.step(
                &state.values, gradient: gradient, block.range, time: Int(state.times[index]),
                learningRate: schedule.learningRate(block.slice.kind, step: state.stageStep),
                decay: decays ? settings.weightDecay : 0, settings)
        }
    }

    private func diverged(_ what: String, _ state: TrainingState) -> Failure {
        Failure(
            .rank, at: "step \(state.step + 1)", "\(what) is not finite",
            remedy:
                "lower the learning rate of this stage, or clip gradients; nothing was updated by this step")
    }
}

/// Sums of losses as whole multiples of 2^-24, so that they too are equal for any number of ranks.
private enum FixedLoss {
    /// Nil for a loss that is not finite, or so large that a sum of them could overflow.
    static func encode(_ loss: Double) -> Int64? {
        abs(loss) < 0x1p22 ? Int64((loss * 0x1p24).rounded(.toNearestOrEven)) : nil
    }

    static func decode(_ sum: Int64) -> Double { Double(sum) * 0x1p-24 }
}
