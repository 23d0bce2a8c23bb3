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
    ///
    /// A shared block counts once for each different step among `keptSteps`, the steps of its tasks' kept
    /// states.
    func parameterCounts(_ mask: ParameterMask?, keptSteps: [Int]? = nil) -> ParameterCounts {
        let weights = model.weights
        let trainsAdapters = stages.contains { $0.trains(.weight) }
        let copies = store.blocks.map { block in
            keptSteps.map { steps in Set(block.tasks.map { steps[$0] }).count } ?? 1
        }
        func count(_ isIncluded: (ParameterKind) -> Bool) -> Int {
            zip(store.blocks, copies).filter { isIncluded($0.0.slice.kind) }
                .reduce(0) { $0 + $1.0.range.count * $1.1 }
        }
        let adapterCount = count { $0 != .head }
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
            adapterAllTasks: trainsAdapters ? adapterCount : 0,
            headsAllTasks: count { $0 == .head },
            operationsPerToken: ParameterCounts.Operations(
                tokens: meanTokens, frozen: weights.configuration.forwardOperations(tokens: meanTokens),
                added: trainsAdapters ? model.bound.addedOperations(tokens: meanTokens) : 0),
            keptPerTask: kept.map { $0.max() ?? 0 },
            keptAllTasks: removed.map { adapterCount - zip($0, copies).reduce(0) { $0 + $1.0 * $1.1 } })
    }

    /// The mean number of tokens in a training example over all tasks, rounded up.
    private var meanTokens: Int {
        let examples = data.reduce(0) { $0 + $1.train.count }
        let tokens = data.reduce(0) { $0 + $1.train.totalTokens }
        return max(1, (tokens + examples - 1) / max(1, examples))
    }
}
