import Diagnostics
import Foundation

/// EXP3: the tasks are arms, and a task's reward is its loss.
///
/// With K active tasks and ε_t = min(1/K, √(ln K / (K t))), step t adds to the reward R_i of a task with
/// the share f_i of the step's micro-batches, which was drawn with probability p_i, f_i/p_i times its mean
/// loss / scale. Then p_i = (1 − K ε_t) exp(ε_{t−1} R_i) / Σ exp(ε_{t−1} R) + ε_t. The source
/// counts each micro-batch as a step; with one micro-batch a step both are equal.
struct Bandit: LossSampler {
    static let name = "bandit"
    static let summary = "by rewards, the losses: a bandit that explores ever less (EXP3)"
    static let source = "Albalak et al., Online Data Mixing, 2023 (arXiv 2312.02406)"
    static let keys = [
        MethodKey("scale", \Bandit.scale, in: 1e-6...1e6, "the loss that is a reward of 1")
    ]
    /// The reward.
    static let remembered = 1
    var scale = 10.0

    func weights(_ tasks: SampledTasks) -> [Double] {
        let (rewards, count) = (tasks.memory.rows[0], Double(tasks.activeCount))
        let updates = tasks.memory.updates
        let (now, before) = (exploration(updates, count), exploration(updates - 1, count))
        let largest = zip(rewards, tasks.active).map { $1 ? $0 : 0 }.max() ?? 0
        // Relative to the largest reward, so that no power overflows.
        let powers = zip(rewards, tasks.active).map { $1 ? exp(before * ($0 - largest)) : 0 }
        let sum = powers.reduce(0, +)
        return powers.map { (1 - count * now) * $0 / sum + now }
    }

    /// ε after `updates` steps, of `count` tasks.
    private func exploration(_ updates: Int, _ count: Double) -> Double {
        updates > 0 ? min(1 / count, (log(count) / (count * Double(updates))).squareRoot()) : 1 / count
    }

    func update(_ step: StepLosses, _ memory: inout SamplerMemory) {
        memory.updates += 1
        let all = Double(step.microBatches.reduce(0, +))
        for (task, loss) in step.losses.enumerated() {
            guard let loss, step.probabilities[task] > 0 else { continue }
            let share = Double(step.microBatches[task]) / all
            memory.rows[0][task] += loss / scale * share / step.probabilities[task]
        }
    }
}
