import Diagnostics

/// Each of T tasks has the share 1/T.
struct Uniform: Sampler {
    static let name = "uniform"
    static let summary = "1/T each"
    static let source = "the usual baseline"

    func weights(_ tasks: SampledTasks) -> [Double] { tasks.names.map { _ in 1 } }
}
