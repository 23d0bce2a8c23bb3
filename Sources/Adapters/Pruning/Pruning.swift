/// How the prunable matrices of an adapter are pruned before they are trained.
package struct Pruning: Sendable, Equatable {
    package let score: PruningScore
    package let threshold: PruningThreshold
    /// The share of the entries that is removed, in 0 ..< 1.
    package let sparsity: Double
    /// The number of training examples for the scores of one adapter.
    package let examples: Int

    package init(
        score: PruningScore = .snip, threshold: PruningThreshold = .global, sparsity: Double = 0.4,
        examples: Int = 320
    ) {
        self.score = score
        self.threshold = threshold
        self.sparsity = sparsity
        self.examples = examples
    }

    /// A matrix of an adapter with the scores of its entries, in row order.
    package struct ScoredMatrix: Sendable {
        package let rows: Int, columns: Int
        /// One score for each entry, none of them NaN.
        package let scores: [Double]

        package init(rows: Int, columns: Int, scores: [Double]) {
            precondition(scores.count == rows * columns, "a score for each entry")
            self.rows = rows
            self.columns = columns
            self.scores = scores
        }
    }

    /// The entries that are removed from each of an adapter's matrices, ascending.
    ///
    /// The ⌈s N⌉ of N compared entries with the smallest scores are removed. Among equal scores earlier
    /// entries are removed first, in the order of the matrices and then of their rows.
    package func removed(from matrices: [ScoredMatrix]) -> [[Int]] {
        let counts = matrices.map(\.scores.count)
        if score == .erdosRenyi {
            let kept = erdosRenyiShares(
                matrices, keeping: counts.reduce(0, +) - removedCount(of: counts.reduce(0, +)))
            return zip(matrices, kept).map { smallest($0.scores.count - $1, of: $0.scores) }
        }
        if threshold == .local {
            return matrices.map { smallest(removedCount(of: $0.scores.count), of: $0.scores) }
        }
        let all = matrices.flatMap(\.scores)
        var removed = [[Int]](repeating: [], count: matrices.count)
        var (matrix, start) = (0, 0)
        for index in smallest(removedCount(of: all.count), of: all) {
            while index >= start + counts[matrix] {
                start += counts[matrix]
                matrix += 1
            }
            removed[matrix].append(index - start)
        }
        return removed
    }

    /// ⌈s N⌉, not affected by the rounding of s N: 0.07 of 100 is 7.
    package func removedCount(of count: Int) -> Int {
        min(count, Int((sparsity * Double(count) * (1 - 0x1p-40)).rounded(.up)))
    }

    /// The indices of the `count` smallest, ascending.
    private func smallest(_ count: Int, of scores: [Double]) -> [Int] {
        if count == 0 { return [] }
        let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
        return order.prefix(count).sorted()
    }

    /// The number of entries that each matrix keeps: c (n_in + n_out), at most n_in n_out, with c such that
    /// the sum is `budget`.
    ///
    /// The surplus of a full matrix goes to the others. Shares are rounded down; those with the largest
    /// fractions are then rounded up until the budget is met, earlier matrices first.
    private func erdosRenyiShares(_ matrices: [ScoredMatrix], keeping budget: Int) -> [Int] {
        var kept = matrices.map(\.scores.count)
        var open = matrices.indices.filter { kept[$0] > 0 }
        var left = budget
        while !open.isEmpty {
            let weight = open.reduce(0) { $0 + matrices[$1].rows + matrices[$1].columns }
            func share(_ index: Int) -> Double {
                Double(left) * Double(matrices[index].rows + matrices[index].columns) / Double(weight)
            }
            let full = open.filter { share($0) >= Double(kept[$0]) }
            if full.isEmpty {
                let shares = open.map(share)
                for (index, share) in zip(open, shares) { kept[index] = Int(share) }
                let missing = left - open.reduce(0) { $0 + kept[$1] }
                let byFraction = open.indices.sorted {
                    let (a, b) = (
                        shares[$0] - shares[$0].rounded(.down), shares[$1] - shares[$1].rounded(.down)
                    )
                    return (b, $0) < (a, $1)
                }
                for index in byFraction.prefix(missing) { kept[open[index]] += 1 }
                break
            }
            left -= full.reduce(0) { $0 + kept[$1] }
            open.removeAll { full.contains($0) }
        }
        return kept
    }
}
