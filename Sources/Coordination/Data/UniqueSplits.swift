import Training

/// The splits of a study's tasks without duplicates: tasks whose examples have the same tokens share their
/// cached activations.
struct UniqueSplits: Sendable {
    /// The splits, numbered in the order in which the tasks use them.
    let splits: [TokenizedExamples]
    /// The number of each task's training split.
    let train: [Int]
    /// By task, the number of the split of each evaluation set; for held-out examples, the training split's.
    let evaluationSets: [[Int]]

    init(_ data: [TaskData]) {
        var splits: [TokenizedExamples] = []
        func number(_ split: TokenizedExamples) -> Int {
            if let known = splits.firstIndex(where: { $0.hasTokens(of: split) }) { return known }
            splits.append(split)
            return splits.count - 1
        }
        train = data.map { number($0.train) }
        evaluationSets = data.map { $0.evaluationSets.map { number($0.examples) } }
        self.splits = splits
    }

    subscript(_ number: Int) -> TokenizedExamples { splits[number] }
}
