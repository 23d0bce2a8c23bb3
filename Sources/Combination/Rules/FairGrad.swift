import Diagnostics
import Foundation

/// Gw = w^(−1/α) with w > 0, the fair shares of utility theory.
///
/// Where tasks cannot agree there is no solution.
struct FairGrad: CombinationRule {
    static let name = "fairgrad"
    static let summary = "alpha-fair gains: 1 is proportional fairness, larger values help the worst task"
    static let source = "Ban and Ji, Fair Resource Allocation in Multi-Task Learning, 2024 (arXiv 2402.15638)"
    static let comparesAllTasks = true
    static let keys = [MethodKey("alpha", \FairGrad.alpha, in: 0.1...100, "the fairness")]
    var alpha = 1.0

    func weights(_ tasks: TaskComparison) -> [Double]? {
        let trace = tasks.gramian.trace
        guard trace > 0, let w = tasks.gramian.normalized.solution(power: 1 / alpha) else { return nil }
        // G = trace · G₁, and G₁v = v^(−1/α) gives w = v · trace^(−α/(1+α)).
        let factor = pow(trace, -alpha / (1 + alpha))
        return w.map { $0 * factor }
    }
}
