import Adapters
import Collectives
import Diagnostics
import Kernels
import Runs
import Studies
import Training

/// Prunes adapters before they are trained.
///
/// The mask does not depend on the number of ranks.
///
/// Scores that need gradients come from the same ``GradientPass`` as a step, without dropout: exact sums give
/// every rank the same bits, so every rank makes the same mask.
final class Pruner {
    private let context: RunContext
    private let pass: GradientPass

    init(_ context: RunContext, _ pass: GradientPass) {
        self.context = context
        self.pass = pass
    }

    /// Scores all adapters, each on the examples of its plan, and sets the entries that are removed to zero.
    ///
    /// - Throws: an `Unprunable` if all entries of a matrix score 0, or one is not finite; the state is then
    ///   unchanged
    func prune(
        _ plans: [StepPlan], _ pruning: Pruning, _ state: inout TrainingState, reportingTo output: RunOutput?
    ) throws -> PruningReport {
        let store = context.store
        var mask = ParameterMask(count: store.count)
        let adapters = store.prunedAdapters
        guard plans.count == adapters.count else {
            throw Failure(.rank, "\(plans.count) plans to prune by, expected \(adapters.count)")
        }
        let own = plans.reduce(0) { $0 + $1.ranks.count { $0 == pass.rank } }
        let progress = try ScoringProgress(
            of: own * pruning.score.gradientsPerExample, reportingTo: output)
        for (adapter, plan) in zip(adapters, plans) where pruning.sparsity > 0 {
            let matrices = try scores(of: adapter, plan, pruning, state.values, progress)
            for (block, removed) in zip(adapter.blocks, pruning.removed(from: matrices)) {
                for index in removed { mask.remove(store.blocks[block].range.lowerBound + index) }
            }
        }
        state.mask = mask
        mask.clear(&state.values)
        return PruningReport(
            score: pruning.score.rawValue, threshold: pruning.threshold.rawValue,
            examples: plans.reduce(0) { $0 + $1.examples }, asked: pruning.sparsity,
            matrices: adapters.flatMap(\.blocks).map { block in
                let block = store.blocks[block]
                let removed = mask.removedCount(in: block.range)
                return PruningReport.Matrix(
                    name: block.slice.name, owner: block.owner, kept: block.range.count - removed,
                    removed: removed)
            })
    }

    // MARK: Scores

    private func scores(
        of adapter: PrunedAdapter, _ plan: StepPlan, _ pruning: Pruning, _ values: [Float],
        _ progress: ScoringProgress
    ) throws -> [Pruning.ScoredMatrix] {
        let blocks = adapter.blocks.map { context.store.blocks[$0] }
        let own = blocks.flatMap { values[$0.range] }
        let all: [Double]
        switch pruning.score {
        case .random, .erdosRenyi:
            all = blocks.flatMap { block in
                let random = CounterRandom(
                    seed: context.study.seed, .pruning, FNV1a.hash(block.owner), FNV1a.hash(block.slice.name))
                return (0..<block.slice.count).map { random.normal(UInt64($0)) }
            }
        case .magnitude: all = own.map { abs(Double($0)) }
        case .snip:
            all = Saliency.snip(own, gradient: try gradient(adapter, plan, values, progress))
        case .grasp:
            all = try Saliency.grasp(own) { moved in
                var changed = values
                var rest = moved[...]
                for block in blocks {
                    changed.replaceSubrange(block.range, with: rest.prefix(block.slice.count))
                    rest = rest.dropFirst(block.slice.count)
                }
                return try gradient(adapter, plan, changed, progress)
            }
        }
        var start = 0
        return try blocks.map { block in
            let scores = Array(all[start..<start + block.slice.count])
            start += block.slice.count
            if scores.allSatisfy({ $0 == 0 }) { throw worthless(block, pruning) }
            let rows = block.slice.shape[0]
            return Pruning.ScoredMatrix(rows: rows, columns: scores.count / max(1, rows), scores: scores)
        }
    }

    private func worthless(_ block: ParameterBlock, _ pruning: Pruning) -> Unprunable {
        Unprunable(
            failure: .usage(
                "every entry of \(block.slice.name) has a \(pruning.score.rawValue) score of 0, because "
                    + "this matrix, or the one that reads its output, starts at 0",
                at: "adapter.base.start",
                remedy: "start no matrix of the base at 0 (start: normal), or use score: random"))
    }

    /// The gradient of a plan's mean loss with respect to an adapter's prunable matrices, end to end.
    private func gradient(
        _ adapter: PrunedAdapter, _ plan: StepPlan, _ values: [Float], _ progress: ScoringProgress
    ) throws -> [Float] {
        let blocks = Set(adapter.blocks)
        let rows = GradientRows(context.store, tasks: plan.tasks, isSummed: true, where: blocks.contains)
        let sums: GradientPass.Result
        do {
            sums = try pass.compute(
                plan, rows, at: values,
                GradientPass.Mode(stage: .adapter(trainHead: false), randomness: .none), progress: progress)
        } catch let bad as NonFiniteContribution {
            throw Unprunable(
                failure: .data(
                    "\(pass.name(of: bad, rows)) is not finite",
                    remedy: "nothing was pruned; score: magnitude and random need no gradients"))
        }
        let total = StepGradient(context.store)
        SumOfGradients().combine(sums.gradients, of: plan, into: total)
        return adapter.blocks.flatMap { Array(total.values(of: $0)) }
    }
}
