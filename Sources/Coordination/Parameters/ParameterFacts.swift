import Adapters
import Encoders
import Formats
import Training

extension RunContext {
    /// What a run's adapters cost, as `results.json` holds it.
    ///
    /// Counts are as papers count: adapters and norms of one task, its share of the backbone; heads apart. A study of
    /// heads alone trains no adapter, whatever method it names. Of pruned adapters, `kept` says what is left. Floating-point
    /// operations are of the forward for each token, in a sequence as long as the training examples in the mean.
    func parameterFacts(_ mask: ParameterMask?) -> JSONValue {
        let weights = model.weights
        let backbone = weights.configuration.parameterCount
        let trainsAdapters = stages.contains { $0.trains(.weight) }
        let perTask = trainsAdapters ? store.layouts.map(\.adapterCount).max() ?? 0 : 0
        let added = trainsAdapters ? model.bound.addedOperations(tokens: meanTokens) : 0
        var facts: [(String, JSONValue)] = [
            ("method", .string(trainsAdapters ? type(of: model.method).name : "head")),
            ("backbone", .integer(backbone)), ("adapterPerTask", .integer(perTask)),
            ("shareOfBackbone", .number(Double(perTask) / Double(backbone))),
            ("adapterAllTasks", .integer(trainsAdapters ? store.adapterCount : 0)),
            ("headsAllTasks", .integer(store.count - store.adapterCount)),
            (
                "operationsPerToken",
                [
                    "tokens": .integer(meanTokens),
                    "frozen": .number(weights.configuration.forwardOperations(tokens: meanTokens)),
                    "added": .number(added),
                ]
            ),
        ]
        if let mask {
            let removed = store.blocks.map { mask.removedCount(in: $0.range) }
            let kept = zip(store.layouts, store.placements).map { layout, blocks in
                layout.adapterCount - blocks.reduce(0) { $0 + removed[$1] }
            }
            facts.append(("keptPerTask", .integer(kept.max() ?? 0)))
            facts.append(("keptAllTasks", .integer(store.adapterCount - removed.reduce(0, +))))
        }
        return .object(facts)
    }

    /// How many tokens a training example has in the mean over all tasks' examples, rounded up.
    private var meanTokens: Int {
        let examples = data.reduce(0) { $0 + $1.train.count }
        let tokens = data.reduce(0) { $0 + $1.train.totalTokens }
        return max(1, (tokens + examples - 1) / max(1, examples))
    }
}
