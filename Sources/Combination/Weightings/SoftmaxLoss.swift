import Diagnostics

/// p = softmax((1/L) / τ): the optimum of `uncertainty` for the losses of the step, normalised.
///
/// A loss below 1e-8 counts as 1e-8.
struct SoftmaxLoss: LossWeighting {
    static let name = "softmax-loss"
    static let summary = "the softmax of the inverse losses of the step (UW-SO)"
    static let source =
        "Kirchdorfer et al., Analytical Uncertainty-Based Loss Weighting, 2024 (arXiv 2408.07985)"
    static let keys = [MethodKey("temperature", \SoftmaxLoss.temperature, in: 1e-3...1e6, "τ of the softmax")]
    var temperature = 1.0

    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] {
        softmax(tasks.losses.map { 1 / max($0, 1e-8) / temperature })
    }
}
