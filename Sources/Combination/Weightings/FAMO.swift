import Diagnostics
import Foundation

/// p_t ∝ z_t / L_t, adding up to 1, with z = softmax(w) and logits w learned to let all losses fall equally
/// fast.
///
/// This is the gradient of c Σ z_t log L_t. After the step, with the losses L⁺ of the same examples, Adam
/// with weight decay takes a step that lowers Σ z_t (log L_t − log L⁺_t). Losses have 1e-8 added.
struct FAMO: HindsightWeighting {
    static let name = "famo"
    static let summary = "lets all losses fall equally fast; a second forward of each step measures them"
    static let source = "Liu et al., FAMO: Fast Adaptive Multitask Optimization, 2023 (arXiv 2306.03792)"
    static let keys = [
        MethodKey("learningRate", \FAMO.learningRate, in: 0...1, "Adam's rate for the logits"),
        MethodKey("decay", \FAMO.decay, in: 0...1, "the weight decay of the logits"),
    ]
    var learningRate = 0.025
    var decay = 1e-3
    var start: [Double] { LearnedNumber(0).numbers }
    private static let tiny = 1e-8

    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] {
        let shares = zip(probabilities(memory), tasks.losses).map { $0 / ($1 + Self.tiny) }
        let sum = shares.reduce(0, +)
        return shares.map { $0 / sum }
    }

    func learn(before: [Double], after: [Double], memory: inout [[Double]]) {
        let fall = zip(before, after).map { log($0 + Self.tiny) - log($1 + Self.tiny) }
        let z = probabilities(memory)
        let mean = dot(z, fall)
        for task in fall.indices {
            var logit = LearnedNumber(memory[task])
            logit.step(z[task] * (fall[task] - mean), rate: learningRate, decay: decay)
            memory[task] = logit.numbers
        }
    }

    private func probabilities(_ memory: [[Double]]) -> [Double] {
        softmax(memory.map { LearnedNumber($0).value })
    }
}
