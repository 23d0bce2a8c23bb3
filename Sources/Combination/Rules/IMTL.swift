import Diagnostics

/// The vector with equal projections on all unit gradients: w ∝ G⁺√diag(G), adding up to 1.
///
/// Without such a vector all weights are 0, as in TorchJD.
struct IMTL: CombinationRule {
    static let name = "imtl"
    static let summary = "the vector whose projections on all gradients are equally long (IMTL-G)"
    static let source = "Liu et al., Towards Impartial Multi-Task Learning, 2021"
    static let comparesAllTasks = true

    func weights(_ tasks: TaskComparison) -> [Double]? {
        let g = tasks.gramian.normalized
        let v = g.pseudoinverse(times: g.diagonal.map { $0.squareRoot() })
        let sum = v.reduce(0, +)
        return sum.magnitude < 1e-12 ? v.map { _ in 0 } : v.map { $0 / sum }
    }
}
