import Runs
import Training

/// The comparison of tasks that led to a gradient.
struct ComparedGradients {
    let report: CombinationReport
    /// The blocks on which gradients of several tasks were combined; none if no two tasks of the step meet.
    let blocks: [Int]
    /// The gradient of ``SumOfGradients``, with which the result is compared.
    let sum: StepGradient
    /// The norm of the weighted sum over all blocks, by which those that were not combined are clipped.
    let weightedNorm: GlobalNorm
}
