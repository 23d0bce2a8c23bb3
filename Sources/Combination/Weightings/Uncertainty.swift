import Diagnostics
import Foundation

/// p_t = e^(−s_t) / 2, with s_t learned to minimise Σ (e^(−s_t) L_t + s_t) / 2.
///
/// s_t is the logarithm of a task's variance. The source trains it with the model's optimizer; here it has
/// Adam with a rate of its own, and starts at 0.
struct Uncertainty: LossWeighting {
    static let name = "uncertainty"
    static let summary = "learns a variance for each task, by which its loss is divided"
    static let source =
        "Kendall, Gal and Cipolla, Multi-Task Learning Using Uncertainty, 2018 (arXiv 1705.07115)"
    static let keys = [
        MethodKey("learningRate", \Uncertainty.learningRate, in: 0...1, "Adam's rate for the log-variances")
    ]
    var learningRate = 0.01
    var start: [Double] { LearnedNumber(0).numbers }

    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] {
        tasks.losses.indices.map { task in
            var s = LearnedNumber(memory[task])
            let weight = exp(-s.value) / 2
            s.step(0.5 - weight * tasks.losses[task], rate: learningRate)
            memory[task] = s.numbers
            return weight
        }
    }
}
