import Adapters
import Collectives
import Diagnostics
import Encoders
import Formats
import Kernels
import Studies
import Tasks
import Training

/// What every rank does with a plan: its own units, the exact sum of everyone's, the same update everywhere.
final class Worker {
    private let context: RunContext
    private let communicator: any Communicator
    private let cache: ActivationCache
    private let workspace: Workspace
    private let sum: ExactSum
    /// A unit's gradient, in its task's layout; set where the unit trains.
    private let gradient: FloatBuffer
    /// The parameters of the task whose unit is computed, in its layout; set where the stage reads them.
    private let vector: FloatBuffer
    /// The block that lies at each slice of the vector in this step; the adapter's slices lie alike for all tasks.
    private var loaded: [Int?] = []
    /// The step's gradient as long as all parameters; set where the step touches them.
    private let total: FloatBuffer

    /// What a step told, beside its effect on the state.
    struct Outcome {
        /// Task by task in the plan's ascending order: the sum of its examples' losses, and its gradient.
        var losses: [Double] = []
        /// Where it was asked for, the gradient of each task that took part, in its own layout, divided by the step's
        /// examples: as backward gave it, also where parameters were removed.
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
        _ context: RunContext, _ communicator: any Communicator, _ cache: ActivationCache,
        _ workspace: Workspace
    ) {
        self.context = context
        self.communicator = communicator
        self.cache = cache
        self.workspace = workspace
        sum = ExactSum(communicator)
        let longest = context.store.layouts.map(\.count).max() ?? 0
        gradient = FloatBuffer(longest)
        vector = FloatBuffer(longest)
        total = FloatBuffer(context.store.count)
    }

    /// Takes one step of a stage.
    ///
    /// A gradient, loss or update that is not finite leaves the state as it was and throws. It costs what the step touches:
    /// nothing is as long as all parameters but what is trained.
    func step(
        _ plan: StepPlan, _ schedule: StageSchedule, _ state: inout TrainingState, stopRequested: Bool,
        recordingGradients: Bool = false
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

        loaded = []
        var losses: [(row: Int, loss: Double)] = []
        var tokens: Int64 = 0
        // Each row's exponent of its losses, and whether this rank was asked to stop.
        var maxima = [Int32](repeating: 0, count: tasks.count) + [stopRequested ? 1 : 0]
        for (index, (unit, rank)) in zip(plan.units, plan.ranks).enumerated()
        where rank == communicator.rank {
            guard let row = tasks.firstIndex(of: unit.task) else { continue }
            communicator.watch?.enter(unit: index + 1)
            let batch = timed(.packing) { context.data[unit.task].train.batch(unit.examples) }
            load(unit.task, schedule, state.values)
            let span = UnsafeMutableBufferPointer(
                start: gradient.base + spans[row].lowerBound, count: spans[row].count)
            span.update(repeating: 0)
            let loss = learn(unit, batch, schedule, step: state.step)
            losses.append((row, loss))
            maxima[row] = max(maxima[row], FixedLoss.exponent(loss))
            tokens += Int64(batch.tokens)
            timed(.sum) { sum.add(row: row, UnsafeBufferPointer(span)) }
        }

        var outcome = Outcome()
        let before = (sum.secondsWaiting, sum.secondsCommunicating)
        let (rows, sums): ([UnsafeBufferPointer<Float>], [Int64])
        do {
            (rows, sums) = try timed(.sum) {
                try sum.finish(maxima: &maxima) { maxima in
                    var sums = [Int64](repeating: 0, count: tasks.count) + [tokens]
                    for (row, loss) in losses { sums[row] &+= FixedLoss.encode(loss, exponent: maxima[row]) }
                    return sums
                }
            }
        } catch let bad as NonFiniteContribution {
            let slice = store.layouts[tasks[bad.row]].slices[slices[bad.row][bad.group]]
            throw diverged("the gradient of \(context.names[tasks[bad.row]]) on \(slice.name)", state)
        }
        for (unit, rank) in zip(plan.units, plan.ranks) {
            cache.mark(
                unit.examples, context.splits.train[unit.task], adapted: schedule.stage != .head, by: rank)
        }
        if let row = tasks.indices.first(where: { maxima[$0] == FixedLoss.nonFinite }) {
            throw diverged("the loss of \(context.names[tasks[row]])", state)
        }
        outcome.bytes = sum.bytesPerStep
        outcome.secondsWaiting = sum.secondsWaiting - before.0
        outcome.secondsCommunicating = sum.secondsCommunicating - before.1
        outcome.losses = tasks.indices.map { FixedLoss.decode(sums[$0], exponent: maxima[$0]) }
        outcome.tokens = Int(sums[tasks.count])
        outcome.stopRequested = maxima[tasks.count] != 0

        if recordingGradients { outcome.gradients = gradients(plan, rows, spans) }
        outcome.gradientNorm = try timed(.optimizer) {
            try update(plan, rows, slices, spans, schedule, &state)
        }
        return outcome
    }

    /// Puts a task's parameters into the vector, as far as the stage reads them.
    private func load(_ task: Int, _ schedule: StageSchedule, _ values: [Float]) {
        let (store, layout) = (context.store, context.store.layouts[task])
        if loaded.isEmpty { loaded = [Int?](repeating: nil, count: layout.slices.count) }
        values.withUnsafeBufferPointer { values in
            guard let source = values.baseAddress else { return }
            for (index, block) in store.placements[task].enumerated() {
                let isHead = layout.slices[index].kind == .head
                // Heads are short, and lie where other tasks' heads did.
                if !isHead, schedule.stage == .head || loaded[index] == block { continue }
                (vector.base + layout.ranges[index].lowerBound).update(
                    from: source + store.blocks[block].range.lowerBound, count: layout.ranges[index].count)
                loaded[index] = isHead ? nil : block
            }
        }
    }

    /// Each task's gradient in its own layout, divided by the step's examples.
    private func gradients(
        _ plan: StepPlan, _ rows: [UnsafeBufferPointer<Float>], _ spans: [Range<Int>]
    ) -> [[Float]] {
        let share = 1 / Float(plan.examples)
        return plan.tasks.enumerated().map { row, task in
            var own = [Float](repeating: 0, count: context.store.layouts[task].count)
            for i in spans[row] { own[i] = rows[row][i - spans[row].lowerBound] * share }
            return own
        }
    }

    /// Clips the whole gradient and steps all blocks that have one, or leaves the state alone and throws.
    ///
    /// - Returns: the gradient's norm before clipping
    private func update(
        _ plan: StepPlan, _ rows: [UnsafeBufferPointer<Float>], _ slices: [[Int]], _ spans: [Range<Int>],
        _ schedule: StageSchedule, _ state: inout TrainingState
    ) throws -> Double {
        let (store, tasks) = (context.store, plan.tasks)
        var parts: [Int: [UnsafePointer<Float>]] = [:]
        for (row, task) in tasks.enumerated() {
            guard let start = rows[row].baseAddress else { continue }
            for slice in slices[row] {
                let offset = store.layouts[task].ranges[slice].lowerBound - spans[row].lowerBound
                parts[store.placements[task][slice], default: []].append(start + offset)
            }
        }
        let touched = parts.keys.sorted()
        // The step's loss is the mean over all its examples, so tasks count by how many they bring.
        let share = 1 / Float(plan.examples)
        var norm = GlobalNorm()
        for block in touched {
            let range = store.blocks[block].range
            let target = total.base + range.lowerBound
            target.update(repeating: 0, count: range.count)
            for part in parts[block] ?? [] { for i in 0..<range.count { target[i] += part[i] * share } }
            state.mask?.clear(total.base, in: range)
            norm.add(target, count: range.count)
        }
        let scale = norm.scale(limit: context.study.optimizer.clip)
        let steps = touched.map { BlockStep($0, context, schedule, state) }
        // Decay and a huge rate can overflow where every gradient is finite; only then is there something to undo.
        let isSafe = steps.allSatisfy { step in
            state.moments.staysFinite(
                state.values, gradientsUpTo: norm.value * Double(scale), step.range, time: step.time,
                learningRate: step.rate, decay: step.decay, context.study.optimizer)
        }
        let saved = isSafe ? nil : SavedBlocks(touched, state, store)
        for step in steps {
            state.moments.step(
                &state.values, gradient: total.base, scale: scale, step.range, time: step.time,
                learningRate: step.rate, decay: step.decay, context.study.optimizer)
            state.times[step.block] += 1
        }
        if let saved, let bad = steps.first(where: { !state.values[$0.range].allSatisfy(\.isFinite) }) {
            saved.restore(&state, store)
            let block = store.blocks[bad.block]
            let names = block.tasks.map { context.names[$0] }.joined(separator: ", ")
            throw diverged("the update of \(block.slice.name) of \(names)", state)
        }
        state.step += 1
        state.stageStep += 1
        return norm.value
    }

    /// The step of one block: those of tasks that took no part are left alone, moments and all.
    private struct BlockStep {
        let block: Int
        let range: Range<Int>
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

    private func learn(
        _ unit: PlannedUnit, _ batch: PackedBatch, _ schedule: StageSchedule, step: Int
    ) -> Double {
        let (study, train) = (context.study, context.data[unit.task].train)
        // In the head stage nothing in the encoder is trained, and its outputs are fixed.
        let frozen = schedule.stage == .head
        let start = cache.start(unit.examples, context.splits.train[unit.task], batch, adapted: !frozen)
        let randomness = AdaptedEncoder.Randomness(
            encoder: EncoderDropout(
                hidden: frozen ? 0 : Float(study.dropout.hidden),
                attention: frozen ? 0 : Float(study.dropout.attention),
                seed: study.seed, step: UInt64(step)), head: Float(study.head.dropout))
        return context.model.learn(
            batch, unit.examples.compactMap { train.targets[$0] }, stage: schedule.stage,
            context.store.layouts[unit.task], values: vector.base, gradient: gradient.base, randomness,
            start: start, workspace)
    }

    private func diverged(_ what: String, _ state: TrainingState) -> Divergence {
        Divergence(what, step: state.step + 1)
    }
}

/// Sums of losses as whole multiples of a power of two, so that they too are equal for any number of ranks.
///
/// The power is 2^-24, or for losses of 2^22 and more the finest for which no sum of a step's units can overflow.
private enum FixedLoss {
    /// The biased exponent of infinities and NaNs.
    static let nonFinite: Int32 = 2047

    /// The biased exponent of a loss; a row's largest over all ranks is what its losses are scaled by.
    static func exponent(_ loss: Double) -> Int32 { Int32(loss.exponentBitPattern) }

    /// A loss in the units of a row's largest exponent.
    static func encode(_ loss: Double, exponent: Int32) -> Int64 {
        if exponent == nonFinite { return 0 }
        return Int64(scaled(loss, by: power(exponent)).rounded(.toNearestOrEven))
    }

    /// A sum of losses that were encoded with an exponent.
    static func decode(_ sum: Int64, exponent: Int32) -> Double { scaled(Double(sum), by: -power(exponent)) }

    /// With the largest biased exponent b, every loss is below 2^(b - 1022); a step has at most 2^16 units, so that their
    /// sum stays below 2^62.
    private static func power(_ exponent: Int32) -> Int { min(24, 62 - 16 - (Int(exponent) - 1022)) }

    private static func scaled(_ value: Double, by power: Int) -> Double {
        Double(sign: .plus, exponent: power, significand: value)
    }
}
