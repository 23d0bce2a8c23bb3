import Diagnostics

/// Shares n_i / Σ n of tasks with n_i examples: every example counts alike.
struct Proportional: Sampler {
    static let name = "proportional"
    static let summary = "by the number of examples"
    static let source = "the usual baseline"

    func weights(_ tasks: SampledTasks) -> [Double] { tasks.examples.map(Double.init) }
}
