/// The result of pruning adapters.
package struct PruningReport: Encodable, Sendable {
    /// A pruned matrix, its owner, and the numbers of kept and removed entries.
    package struct Matrix: Encodable, Sendable, Equatable {
        package let name, owner: String
        package let kept, removed: Int

        package init(name: String, owner: String, kept: Int, removed: Int) {
            (self.name, self.owner, self.kept, self.removed) = (name, owner, kept, removed)
        }
    }

    /// The rule that scores an entry, and the set of entries that share a threshold.
    package let score, threshold: String
    /// Examples read for the scores of all adapters.
    package let examples: Int
    /// The requested and the actual share of removed entries.
    package let asked, reached: Double
    /// Entries of all matrices.
    package let kept, removed: Int
    package let matrices: [Matrix]

    package init(score: String, threshold: String, examples: Int, asked: Double, matrices: [Matrix]) {
        (self.score, self.threshold, self.examples) = (score, threshold, examples)
        (self.asked, self.matrices) = (asked, matrices)
        kept = matrices.reduce(0) { $0 + $1.kept }
        removed = matrices.reduce(0) { $0 + $1.removed }
        reached = Double(removed) / Double(max(1, kept + removed))
    }
}
