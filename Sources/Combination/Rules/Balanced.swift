import Diagnostics
import Foundation

/// The averages m_t of the gradients of log-losses, each as long as the longest: w_t = max ‖m‖ / ‖m_t‖.
///
/// m ← g + β/k^σ (m − g) in step k of the stage, from m = 0. Where the source adds 1e-8 to a length, a task
/// with an average of 0 has the weight 0 here.
struct Balanced: AveragingRule {
    static let name = "balanced"
    static let summary = "averages of the gradients of log-losses, all as long as the longest (DB-MTL)"
    static let source = "Lin et al., Dual-Balancing for Multi-Task Learning, 2023 (arXiv 2308.12029)"
    static let comparesAllTasks = true
    static let keys = [
        MethodKey("beta", \Balanced.beta, in: 0...0.9999, "the share of the earlier average"),
        MethodKey("sigma", \Balanced.sigma, in: 0...10, "how fast that share falls from step to step"),
    ]
    var beta = 0.9
    var sigma = 0.0

    func factor(loss: Double) -> Double { 1 / (loss + 1e-8) }

    func kept(step: Int) -> Double { beta / pow(Double(step), sigma) }

    func weights(_ tasks: TaskComparison) -> [Double]? {
        let lengths = tasks.gramian.diagonal.map { max(0, $0).squareRoot() }
        let longest = lengths.max() ?? 0
        return lengths.map { $0 > 0 ? longest / $0 : 0 }
    }
}
