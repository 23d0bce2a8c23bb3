import Diagnostics

/// The weighted sum of the offsets, Σ w τ.
struct TaskArithmetic: MergeRule {
    static let name = "arithmetic"
    static let summary = "the weighted sum"
    static let source = "Ilharco et al., Editing Models with Task Arithmetic, 2023 (arXiv 2212.04089)"

    func merged(_ tensor: TensorOffsets) -> [Float] {
        tensor.weightedSums { Double(tensor.offsets[$0][$1]) }.map { Float($0) }
    }
}
