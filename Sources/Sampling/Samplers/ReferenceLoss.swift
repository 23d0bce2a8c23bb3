import Diagnostics
import Foundation

/// Shares that grow with the excess of a task's loss over that of a reference: the game of DoReMi.
///
/// From equal weights w, each step sets w ∝ w exp(rate · max(0, ℓ_i − r_i)), then w ← (1 −
/// smoothing) w + smoothing / K for K active tasks. ℓ_i is the task's mean loss in its latest step and
/// r_i its reference loss; before every active task has a loss nothing changes. The source clips the excess
/// of each token, which needs the reference model in every step, and weighs losses by w; here w are the
/// probabilities. The average of its weights, which is its result, is a finished stage's requested shares.
struct ReferenceLoss: LossSampler, ReferencedSampler {
    static let name = "reference-loss"
    static let summary = "grows with the excess of the loss over that of a reference (DoReMi)"
    static let source = "Xie et al., DoReMi, 2023 (arXiv 2305.10429)"
    static let reference = TaskReferences.Kind.loss
    static let keys = [
        references, MethodKey("rate", \ReferenceLoss.rate, in: 0...1e6, "η, the step size of ln w"),
        MethodKey("smoothing", \.smoothing, in: 1e-12...1, "the part of the shares that is equal"),
    ]
    /// ln w, the latest excess, and 1 if there is one.
    static let remembered = 3
    var reference = TaskReferences()
    var rate = 1.0
    var smoothing = 1e-4

    func weights(_ tasks: SampledTasks) -> [Double] {
        let logarithms = tasks.memory.rows[0]
        let largest = zip(logarithms, tasks.active).map { $1 ? $0 : -.infinity }.max() ?? 0
        return zip(logarithms, tasks.active).map { $1 ? exp($0 - largest) : 0 }
    }

    func update(_ step: StepLosses, _ memory: inout SamplerMemory) {
        memory.updates += 1
        for (task, loss) in step.losses.enumerated() {
            guard let loss else { continue }
            memory.rows[1][task] = max(0, loss - reference.number(for: step.names[task]))
            memory.rows[2][task] = 1
        }
        let active = step.names.indices.filter { step.probabilities[$0] > 0 }
        if active.contains(where: { memory.rows[2][$0] == 0 }) { return }
        let raised = active.map { memory.rows[0][$0] + rate * memory.rows[1][$0] }
        let largest = raised.max() ?? 0
        let powers = raised.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        for (task, power) in zip(active, powers) {
            memory.rows[0][task] = log((1 - smoothing) * power / sum + smoothing / Double(active.count))
        }
    }
}
