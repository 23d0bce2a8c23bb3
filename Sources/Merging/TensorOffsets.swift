/// The offsets of one tensor in several adapters, with all else that a rule may use.
package struct TensorOffsets: Sendable {
    /// By adapter; all have one length, at least 1.
    package let offsets: [[Float]]
    /// The weight of each adapter.
    package let weights: [Double]
    /// The entries that are kept at random.
    package let choice: any EntryChoice

    package init(_ offsets: [[Float]], weights: [Double], choice: any EntryChoice) {
        (self.offsets, self.weights, self.choice) = (offsets, weights, choice)
    }

    /// The number of entries.
    var count: Int { offsets[0].count }

    /// Σ w τ over the adapters for each entry, in double precision and in the adapters' order.
    func weightedSums(_ term: (_ adapter: Int, _ entry: Int) -> Double) -> [Double] {
        (0..<count).map { entry in
            offsets.indices.reduce(0) { $0 + weights[$1] * term($1, entry) }
        }
    }
}
