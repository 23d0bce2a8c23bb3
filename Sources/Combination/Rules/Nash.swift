import Diagnostics

/// The bargaining solution Gw = 1/w with w > 0, in which every task gains the same relative improvement.
///
/// As in the source, the result is not longer than `maximumNorm`. Where tasks cannot agree there is no
/// solution.
struct Nash: CombinationRule {
    static let name = "nash"
    static let summary = "the bargaining solution, in which each gain is as large as its weight is small"
    static let source = "Navon et al., Multi-Task Learning as a Bargaining Game, 2022 (arXiv 2202.01017)"
    static let comparesAllTasks = true
    static let keys = [
        MethodKey("maximumNorm", \Nash.maximumNorm, in: 0...1e6, "the longest result; 0: no limit")
    ]
    var maximumNorm = 1.0

    func weights(_ tasks: TaskComparison) -> [Double]? {
        let trace = tasks.gramian.trace
        guard trace > 0, let w = tasks.gramian.normalized.solution(power: 1) else { return nil }
        // wᵀGw = T, for G as for the normalised matrix.
        let length = Double(tasks.count).squareRoot()
        let factor = maximumNorm > 0 ? min(1, maximumNorm / length) : 1
        return w.map { $0 * factor / trace.squareRoot() }
    }
}
