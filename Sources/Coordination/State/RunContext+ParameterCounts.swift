import Adapters
import Encoders
import Runs
import Training

extension RunContext {
    /// The cost of a run's adapters; of pruned ones also what is left.
    func parameterCounts(_ mask: ParameterMask?) -> ParameterCounts {
        let weights = model.weights
        let trainsAdapters = stages.contains { $0.trains(.weight) }
        let removed = mask.map { mask in store.blocks.map { mask.removedCount(in: $0.range) } }
        let kept = removed.map { removed in
            zip(store.layouts, store.placements).map { layout, blocks in
                layout.adapterCount - blocks.reduce(0) { $0 + removed[$1] }
            }
        }
        return ParameterCounts(
            method: trainsAdapters ? type(of: model.method).name : "head",
            backbone: weights.configuration.parameterCount,
            adapterPerTask: trainsAdapters ? store.layouts.map(\.adapterCount).max() ?? 0 : 0,
            adapterAllTasks: trainsAdapters ? store.adapterCount : 0,
            headsAllTasks: store.count - store.adapterCount,
            operationsPerToken: ParameterCounts.Operations(
                tokens: meanTokens, frozen: weights.configuration.forwardOperations(tokens: meanTokens),
                added: trainsAdapters ? model.bound.addedOperations(tokens: meanTokens) : 0),
            keptPerTask: kept.map { $0.max() ?? 0 },
            keptAllTasks: removed.map { store.adapterCount - $0.reduce(0, +) })
    }

    /// How many tokens a training example has in the mean over all tasks' examples, rounded up.
    private var meanTokens: Int {
        let examples = data.reduce(0) { $0 + $1.train.count }
        let tokens = data.reduce(0) { $0 + $1.train.totalTokens }
        return max(1, (tokens + examples - 1) / max(1, examples))
    }
}
