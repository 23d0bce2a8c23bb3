import Diagnostics

/// p = softmax(z) with new z_t from the standard normal distribution in each step.
struct Random: LossWeighting {
    static let name = "random"
    static let summary = "the softmax of new random numbers in each step"
    static let source = "Lin et al., Reasonable Effectiveness of Random Weighting, 2022 (arXiv 2111.10603)"

    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] { softmax(tasks.normals) }
}
