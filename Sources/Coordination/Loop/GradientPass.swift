import Adapters
import Collectives
import Encoders
import Kernels
import Tasks
import Training

/// Computes a plan's gradients: each rank its own micro-batches, followed by an exact sum over all ranks.
///
/// One rank computes a whole micro-batch, so the bits of its gradient depend on its examples alone.
final class GradientPass {
    struct Mode {
        /// The parameters that have a gradient.
        let stage: AdaptedModel.Stage
        /// Dropout, drawn from the seed and the step.
        let randomness: AdaptedModel.Randomness
    }

    /// Sums over all micro-batches of a plan, equal on all ranks.
    struct Result {
        let gradients: TaskGradients
        /// The summed losses of each row's task.
        let losses: [Double]
        let tokens: Int
        /// Whether any rank has received a request to stop.
        let isStopRequested: Bool
    }

    private let context: RunContext
    private let communicator: any Communicator
    private let cache: ActivationCache
    private let workspace: Workspace
    private let sum: ExactSum
    /// The sum of losses alone, whose layout has no values.
    private let lossSum: ExactSum
    /// The gradient of the current micro-batch, in its task's layout.
    private let gradient: FloatBuffer
    /// The parameters of its task, in the same layout.
    private let vector: FloatBuffer
    /// The block that each slice of `vector` holds in this pass.
    ///
    /// The layouts of tasks differ only in the head.
    private var loaded: [Int?] = []

    init(
        _ context: RunContext, _ communicator: any Communicator, _ cache: ActivationCache,
        _ workspace: Workspace
    ) {
        self.context = context
        self.communicator = communicator
        self.cache = cache
        self.workspace = workspace
        sum = ExactSum(communicator)
        lossSum = ExactSum(communicator)
        let longest = context.store.layouts.map(\.count).max() ?? 0
        gradient = FloatBuffer(longest)
        vector = FloatBuffer(longest)
    }

    var rank: Int { communicator.rank }
    /// The bytes of the latest pass's sums, with the losses computed after it.
    var bytes: Int { sum.bytesPerStep + lossSum.bytesPerStep }

    /// The gradients of a plan's examples at given parameters; `progress` advances after each micro-batch of
    /// this rank.
    ///
    /// - Throws: a `NonFiniteContribution` on all ranks if a loss or a gradient is not finite
    func compute(
        _ plan: StepPlan, _ rows: GradientRows, at values: [Float], _ mode: Mode, mask: ParameterMask? = nil,
        stopRequested: Bool = false, progress: ScoringProgress? = nil
    ) throws -> Result {
        sum.begin(
            rows.layout,
            contributionsPerRow: rows.tasks.map { task in plan.microBatches.count { $0.task == task } })
        var tokens: Int64 = 0
        try forEachOwn(of: plan, rows, at: values, mode) { row, microBatch, batch in
            rows.clear(row, gradient.base)
            let loss = backward(microBatch, batch, mode)
            tokens += Int64(batch.tokens)
            let squares = timed(.agreement) { rows.squaredNorms(row, of: gradient.base, mask) }
            timed(.sum) {
                rows.withRow(row, of: gradient.base) { sum.add(row: row, $0, scalars: [loss] + squares) }
            }
            try progress?.microBatchDone()
        }
        var counts = [tokens]
        var flags: [Int32] = [stopRequested ? 1 : 0]
        let sums = try timed(.sum) { try sum.finish(sums: &counts, maxima: &flags) }
        for (microBatch, rank) in zip(plan.microBatches, plan.ranks) {
            cache.mark(
                microBatch.examples, context.splits.train[microBatch.task], adapted: mode.stage != .head,
                by: rank)
        }
        return Result(
            gradients: TaskGradients(rows, sums, context.store), losses: sums.scalars.map { $0[0] },
            tokens: Int(counts[0]), isStopRequested: flags[0] != 0)
    }

    /// The summed losses of each task of a plan at given parameters, in the order of the plan's tasks.
    ///
    /// - Throws: a `NonFiniteContribution` on all ranks if a loss is not finite
    func losses(of plan: StepPlan, at values: [Float], _ mode: Mode) throws -> [Double] {
        let rows = GradientRows(context.store, tasks: plan.tasks, isSummed: false) { _ in false }
        lossSum.begin(
            rows.layout,
            contributionsPerRow: rows.tasks.map { task in plan.microBatches.count { $0.task == task } })
        forEachOwn(of: plan, rows, at: values, mode) { row, microBatch, batch in
            let loss = context.model.loss(
                labelled(batch, of: microBatch, mode), stage: mode.stage,
                parameters(of: microBatch.task, isTrained: false), mode.randomness, workspace)
            lossSum.add(row: row, UnsafeBufferPointer(start: nil, count: 0), scalars: [loss])
        }
        var (sums, maxima): ([Int64], [Int32]) = ([], [])
        return try timed(.sum) { try lossSum.finish(sums: &sums, maxima: &maxima).scalars.map { $0[0] } }
    }

    /// Packs each of this rank's micro-batches and loads its task's parameters, then calls `body`.
    private func forEachOwn(
        of plan: StepPlan, _ rows: GradientRows, at values: [Float], _ mode: Mode,
        _ body: (_ row: Int, MicroBatch, PackedBatch) throws -> Void
    ) rethrows {
        loaded = []
        for (index, (microBatch, rank)) in zip(plan.microBatches, plan.ranks).enumerated()
        where rank == communicator.rank {
            guard let row = rows.tasks.firstIndex(of: microBatch.task) else {
                preconditionFailure("a plan's tasks have rows")
            }
            communicator.watch?.enter(microBatch: index + 1)
            let batch = timed(.packing) { context.data[microBatch.task].train.batch(microBatch.examples) }
            load(microBatch.task, mode.stage, values)
            try body(row, microBatch, batch)
        }
    }

    /// The name of a contribution that is not finite: a task's loss, or its gradient on a tensor.
    func name(of bad: NonFiniteContribution, _ rows: GradientRows) -> String {
        let task = rows.tasks[bad.row]
        guard let group = bad.group else { return "the loss of \(context.names[task])" }
        let slice = context.store.layouts[task].slices[rows.slices[bad.row][group]]
        return "the gradient of \(context.names[task]) on \(slice.name)"
    }

    /// Copies the parameters that the stage reads into `vector`.
    private func load(_ task: Int, _ stage: AdaptedModel.Stage, _ values: [Float]) {
        let (store, layout) = (context.store, context.store.layouts[task])
        if loaded.isEmpty { loaded = [Int?](repeating: nil, count: layout.slices.count) }
        values.withUnsafeBufferPointer { values in
            guard let source = values.baseAddress else { return }
            for (index, block) in store.blockOfSlice[task].enumerated() {
                let isHead = layout.slices[index].kind == .head
                // Heads of other tasks overlap this one's range, so a head, which is short, is always copied.
                if !isHead, stage == .head || loaded[index] == block { continue }
                (vector.base + layout.ranges[index].lowerBound).update(
                    from: source + store.blocks[block].range.lowerBound, count: layout.ranges[index].count)
                loaded[index] = isHead ? nil : block
            }
        }
    }

    /// Forward and backward of a micro-batch; adds its gradient and returns the sum of its losses.
    private func backward(_ microBatch: MicroBatch, _ batch: PackedBatch, _ mode: Mode) -> Double {
        context.model.lossAndGradient(
            labelled(batch, of: microBatch, mode), stage: mode.stage,
            parameters(of: microBatch.task, isTrained: true), mode.randomness, workspace)
    }

    /// A micro-batch's tokens with their targets, and the cached activations from which its forward starts.
    private func labelled(_ batch: PackedBatch, of microBatch: MicroBatch, _ mode: Mode) -> LabelledBatch {
        let train = context.data[microBatch.task].train
        let targets = microBatch.examples.map {
            guard let target = train.targets[$0] else { preconditionFailure("an example without a label") }
            return target
        }
        // A head stage trains on the pooled vectors of the frozen backbone, which never change.
        let start = cache.start(
            microBatch.examples, context.splits.train[microBatch.task], batch, adapted: mode.stage != .head)
        return LabelledBatch(batch, targets, task: context.names[microBatch.task], start: start)
    }

    /// The loaded parameters of a task.
    private func parameters(of task: Int, isTrained: Bool) -> BoundParameters {
        BoundParameters(
            context.store.layouts[task], values: vector.base, gradient: isTrained ? gradient.base : nil)
    }
}
