import Diagnostics

/// p_t = 1 / (2 σ_t²), with σ_t learned to minimise Σ (L_t / (2 σ_t²) + ln(1 + σ_t²)).
///
/// This regularizer is never negative, and the loss cannot become so either. σ_t has Adam with a rate of its
/// own, and starts at 1. Adam's first step is about the rate, so a rate near 1 would take σ_t to 0.
struct UncertaintyRevised: LossWeighting {
    static let name = "uncertainty-revised"
    static let summary = "learns a variance for each task, with a regularizer that is never negative"
    static let source = "Liebel and Körner, Auxiliary Tasks in Multi-task Learning, 2018 (arXiv 1805.06334)"
    static let keys = [
        MethodKey(
            "learningRate", \UncertaintyRevised.learningRate, in: 0...0.1, "Adam's rate for the deviations")
    ]
    var learningRate = 0.01
    var start: [Double] { LearnedNumber(1).numbers }

    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] {
        tasks.losses.indices.map { task in
            var deviation = LearnedNumber(memory[task])
            let value = deviation.value
            let square = value * value
            deviation.step(
                2 * value / (1 + square) - tasks.losses[task] / (square * value), rate: learningRate)
            memory[task] = deviation.numbers
            return 1 / (2 * square)
        }
    }
}
