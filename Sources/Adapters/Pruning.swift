import Diagnostics

/// What an entry of a matrix is worth: entries of the smallest scores are removed.
package enum PruningScore: String, NamedChoice {
    /// N(0, 1), a function of the seed.
    case random
    /// |θ|.
    case magnitude
    /// |θ · Σ ∂L/∂θ| over the scoring examples (Lee et al., "SNIP", ICLR 2019).
    case snip
    /// θ · (H g), with the gradient g and the Hessian H of the scoring examples (Wang et al., "GraSP", ICLR 2020).
    case grasp
    /// Random inside each matrix, of which the more is kept the smaller it is (Mocanu et al., 2018).
    case erdosRenyi = "erdos-renyi"

    /// Whether training examples are needed.
    package var readsExamples: Bool { self == .snip || self == .grasp }
}

/// Which entries are compared with one another.
package enum PruningThreshold: String, NamedChoice {
    /// Those of all matrices of an adapter.
    case global
    /// Those of one matrix.
    case local
}

/// How the prunable matrices of an adapter are thinned out before they are trained.
package struct Pruning: Sendable, Equatable {
    /// What an entry is worth.
    package let score: PruningScore
    /// Which entries are compared.
    package let threshold: PruningThreshold
    /// The share of the entries that is removed, from 0 and below 1.
    package let sparsity: Double
    /// How many training examples are read for the scores of one adapter.
    package let examples: Int

    /// Describes how to prune.
    package init(
        score: PruningScore = .snip, threshold: PruningThreshold = .global, sparsity: Double = 0.4,
        examples: Int = 320
    ) {
        self.score = score
        self.threshold = threshold
        self.sparsity = sparsity
        self.examples = examples
    }

    /// A matrix of an adapter with the scores of its entries, row after row.
    package struct ScoredMatrix: Sendable {
        /// Rows and columns.
        package let rows: Int, columns: Int
        /// A score for each entry, none of them a NaN.
        package let scores: [Double]

        /// Takes a matrix's scores.
        package init(rows: Int, columns: Int, scores: [Double]) {
            precondition(scores.count == rows * columns, "a score for each entry")
            self.rows = rows
            self.columns = columns
            self.scores = scores
        }
    }

    /// The entries that are removed from each of an adapter's matrices, ascending.
    ///
    /// Of N entries that are compared the ⌈s N⌉ of the smallest scores go; of equal scores those go first that come
    /// first: in the order of the matrices, then row after row.
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

    /// ⌈s N⌉, where rounding of s N counts for nothing: 0.07 of 100 are 7.
    package func removedCount(of count: Int) -> Int {
        min(count, Int((sparsity * Double(count) * (1 - 0x1p-40)).rounded(.up)))
    }

    /// The indices of the `count` smallest, ascending.
    private func smallest(_ count: Int, of scores: [Double]) -> [Int] {
        if count == 0 { return [] }
        let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
        return order.prefix(count).sorted()
    }

    /// How many entries each matrix keeps: c (n_in + n_out), at most all n_in n_out, with c such that all keep `budget`.
    ///
    /// What a full matrix can't keep the others do. Fractions are rounded down, and the largest ones are rounded up
    /// until the budget is met, earlier matrices first.
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
