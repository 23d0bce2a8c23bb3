import Adapters
import Diagnostics
import Encoders
import Runs
import Training

extension RunContext {
    /// How far the kept parameters of the tasks' adapters, each in its layout, are from their start.
    ///
    /// Nil for a study without an adapter stage.
    func adapterChanges(_ kept: [[Float]]) -> AdapterChanges? {
        guard stages.contains(where: { $0.stage != .head }) else { return nil }
        return AdapterChanges(
            names,
            names.indices.map { task in
                let blocks = store.blockOfSlice[task].map { store.blocks[$0] }
                return AdapterChange(
                    store.layouts[task], kept[task],
                    owners: Dictionary(blocks.map { ($0.slice.name, $0.owner) }) { $1 }, task: names[task],
                    isPruned: model.pruning != nil)
            })
    }

    /// The sizes and operations of a run's adapters; with a mask, also the sizes after pruning.
    func parameterCounts(_ mask: ParameterMask?) -> ParameterCounts {
        let weights = model.weights
        let trainsAdapters = stages.contains { $0.trains(.weight) }
        let removed = mask.map { mask in store.blocks.map { mask.removedCount(in: $0.range) } }
        let kept = removed.map { removed in
            zip(store.layouts, store.blockOfSlice).map { layout, blocks in
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

    /// The mean number of tokens in a training example over all tasks, rounded up.
    private var meanTokens: Int {
        let examples = data.reduce(0) { $0 + $1.train.count }
        let tokens = data.reduce(0) { $0 + $1.train.totalTokens }
        return max(1, (tokens + examples - 1) / max(1, examples))
    }
}
