import Training

/// The splits of a study's tasks, each once: where two tasks' examples have the same tokens, their
/// activations are computed and cached once for both.
///
/// An evaluation set's split is numbered like any other: held-out examples are rows of the training split.
struct UniqueSplits: Sendable {
    /// The splits by their numbers, in the order in which the tasks name them.
    let splits: [TokenizedExamples]
    /// The number of each task's training split.
    let train: [Int]
    /// The number of the split of each task's evaluation sets.
    let sets: [[Int]]

    init(_ data: [TaskData]) {
        var splits: [TokenizedExamples] = []
        func number(_ split: TokenizedExamples) -> Int {
            if let known = splits.firstIndex(where: { $0.hasTokens(of: split) }) { return known }
            splits.append(split)
            return splits.count - 1
        }
        train = data.map { number($0.train) }
        sets = data.map { $0.sets.map { number($0.examples) } }
        self.splits = splits
    }

    /// A split by its number.
    subscript(_ number: Int) -> TokenizedExamples { splits[number] }
}
