import Diagnostics

/// The principal components of the gradients are scaled to the length of the shortest.
///
/// With G = VΛVᵀ and the smallest λ, w = √λ V Λ^(−1/2) Vᵀ (1/T).
struct Aligned: CombinationRule {
    static let name = "aligned"
    static let summary = "scales the gradients' principal components to the length of the shortest"
    static let source = "Senushkin et al., Independent Component Alignment, 2023 (arXiv 2305.19000)"
    static let comparesAllTasks = true

    func weights(_ tasks: TaskComparison) -> [Double]? {
        // The source's tolerance, an epsilon of single precision.
        let system = Eigensystem(tasks.gramian.normalized, tolerance: Double(Float.ulpOfOne))
        guard let least = system.values.last else { return tasks.equalWeights }
        return system.times(tasks.equalWeights) { (least / $0).squareRoot() }
    }
}
