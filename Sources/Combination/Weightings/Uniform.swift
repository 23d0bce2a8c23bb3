import Diagnostics

/// p_t = 1.
struct Uniform: LossWeighting {
    static let name = "uniform"
    static let summary = "each task's mean loss counts once"
    static let source = "the equal weighting that published weightings are compared with"

    func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] { tasks.losses.map { _ in 1 } }
}
