/// A pruning of adapters.
package struct PruningReport: Encodable, Sendable {
    /// A pruned matrix: its name and owner, and how many of its entries were kept and removed.
    package struct Matrix: Encodable, Sendable, Equatable {
        package let name, owner: String
        package let kept, removed: Int

        package init(name: String, owner: String, kept: Int, removed: Int) {
            self.name = name
            self.owner = owner
            self.kept = kept
            self.removed = removed
        }
    }

    /// The score of an entry, and which entries were compared.
    package let score, threshold: String
    /// How many examples were read for the scores of all adapters.
    package let examples: Int
    /// The share that was to be removed, and the share that was.
    package let asked, reached: Double
    /// Entries of all matrices that were kept and removed.
    package let kept, removed: Int
    package let matrices: [Matrix]

    package init(score: String, threshold: String, examples: Int, asked: Double, matrices: [Matrix]) {
        self.score = score
        self.threshold = threshold
        self.examples = examples
        self.asked = asked
        self.matrices = matrices
        kept = matrices.reduce(0) { $0 + $1.kept }
        removed = matrices.reduce(0) { $0 + $1.removed }
        reached = Double(removed) / Double(max(1, kept + removed))
    }
}
