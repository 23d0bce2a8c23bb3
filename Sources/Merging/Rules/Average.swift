import Diagnostics

/// The weighted mean of the offsets, Σ w τ / Σ w.
struct Average: MergeRule {
    static let name = "average"
    static let summary = "the weighted mean"
    static let source = "Wortsman et al., Model soups, 2022 (arXiv 2203.05482)"
    static let addsWeights = true
    static let readsStart = false

    func merged(_ tensor: TensorOffsets) -> [Float] {
        let total = tensor.weights.reduce(0, +)
        return tensor.weightedSums { Double(tensor.offsets[$0][$1]) }.map { Float($0 / total) }
    }
}
