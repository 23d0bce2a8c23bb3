import Adapters
import Collectives
import Diagnostics
import Kernels
import Runs
import Studies
import Tasks
import Training

/// Computes tasks' logits and scores at given parameters, distributed over the ranks.
final class DistributedPredictor {
    /// Examples per micro-batch: enough for matrix products at full speed, few enough for an even load.
    private static let examplesPerMicroBatch = 8

    /// The barriers at which a coordinator that computes nothing learns how far the others are.
    private static let reports = 10

    /// A task has a logit that is infinite or NaN; thrown on all ranks.
    struct NonFiniteLogit: Error {
        let task: Int
    }

    /// A micro-batch of one evaluation set, and the offset of its logits.
    private struct Piece {
        let task, set: Int
        let examples: [Int]
        let offset: Int
    }

    private let context: RunContext
    private let communicator: any Communicator
    private let ranks: [Int]
    private let cache: ActivationCache?
    private let workspace: Workspace

    init(
        _ context: RunContext, _ communicator: any Communicator, ranks: [Int], _ cache: ActivationCache?,
        _ workspace: Workspace
    ) {
        self.context = context
        self.communicator = communicator
        self.ranks = ranks
        self.cache = cache
        self.workspace = workspace
    }

    /// The scores of tasks on their evaluation sets; see `predict`.
    func scores(
        _ tasks: [Int], _ vectors: [[Float]], adapted: Bool, reportingTo observer: (any RunObserver)? = nil
    ) throws -> [TaskScore] {
        let all = try predict(tasks, vectors, adapted: adapted, reportingTo: observer)
        return try zip(tasks, all).map { task, predictions in
            let data = context.data[task]
            return TaskScore(
                task: data.task.name,
                try zip(data.evaluationSets, predictions).map { set, predictions in
                    TaskScore.Entry(
                        split: set.split,
                        scores: try data.task.scores(
                            predictions, targets: set.indices.compactMap { set.examples.targets[$0] }))
                })
        }
    }

    /// The logits of tasks' evaluation sets, on every rank; a collective.
    ///
    /// - Parameters:
    ///   - tasks: the tasks' indices
    ///   - vectors: each task's parameters, in its own layout
    ///   - adapted: whether adapters act; otherwise the head reads the frozen backbone's pooled vectors
    ///   - observer: told after each micro-batch of this rank; of a dedicated coordinator, at a few barriers
    /// - Returns: predictions by task, then by set
    /// - Throws: a `NonFiniteLogit` if a logit is not finite
    func predict(
        _ tasks: [Int], _ vectors: [[Float]], adapted: Bool, reportingTo observer: (any RunObserver)? = nil
    ) throws -> [[Predictions]] {
        var pieces: [Piece] = []
        var costs: [Double] = []
        var end = 0
        for (position, task) in tasks.enumerated() {
            for (set, evaluation) in context.data[task].evaluationSets.enumerated() {
                for start in stride(from: 0, to: evaluation.indices.count, by: Self.examplesPerMicroBatch) {
                    let examples = Array(evaluation.indices[start...].prefix(Self.examplesPerMicroBatch))
                    pieces.append(Piece(task: position, set: set, examples: examples, offset: end))
                    costs.append(cost(of: examples, in: evaluation.examples))
                    end += examples.count * context.data[task].task.output.width
                }
            }
        }
        var shared = SharedLogits(count: end)
        let owners = assign(costs: costs, to: ranks)
        let isDedicated = !ranks.contains(0)
        let perReport = max(1, (pieces.count + Self.reports - 1) / Self.reports)
        let own = isDedicated ? pieces.count : owners.count { $0 == communicator.rank }
        var done = 0
        try observer?.observe(.evaluating(done: 0, of: own))
        for (index, (piece, owner)) in zip(pieces, owners).enumerated() {
            if isDedicated, index > 0, index % perReport == 0 {
                try communicator.barrier()
                try observer?.observe(.evaluating(done: index, of: own))
            }
            guard owner == communicator.rank else { continue }
            communicator.watch?.enter(microBatch: index + 1)
            let logits = self.logits(
                tasks[piece.task], piece.set, piece.examples, vectors[piece.task], adapted: adapted)
            shared.set(logits, at: piece.offset)
            done += 1
            try observer?.observe(.evaluating(done: done, of: own))
        }
        let all = try timed(.sum) { try shared.gathered(communicator) }
        if isDedicated { try observer?.observe(.evaluating(done: own, of: own)) }
        for (piece, owner) in zip(pieces, owners) {
            cache?.mark(
                piece.examples, context.splits.evaluationSets[tasks[piece.task]][piece.set], adapted: adapted,
                by: owner
            )
        }

        var next = 0
        return try tasks.map { task in
            let width = context.data[task].task.output.width
            return try context.data[task].evaluationSets.map { set in
                defer { next += set.indices.count * width }
                let logits = all[next..<next + set.indices.count * width]
                guard logits.allSatisfy(\.isFinite) else { throw NonFiniteLogit(task: task) }
                return try Predictions(logits: Array(logits), width: width)
            }
        }
    }

    private func logits(_ task: Int, _ set: Int, _ examples: [Int], _ vector: [Float], adapted: Bool)
        -> [Float]
    {
        let (layout, split) = (context.store.layouts[task], context.splits.evaluationSets[task][set])
        return vector.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return [] }
            let parameters = BoundParameters(layout, values: base, gradient: nil)
            if !adapted, let pooled = cache?.pooledRows(examples, split) {
                workspace.reset()
                return context.model.logits(pooled: pooled, parameters, workspace)
            }
            let batch = context.data[task].evaluationSets[set].examples.batch(examples)
            let start = cache?.start(examples, split, batch, adapted: adapted)
            return context.model.logits(
                batch, task: context.names[task], parameters, adapted: adapted, start: start, workspace)
        }
    }
}
