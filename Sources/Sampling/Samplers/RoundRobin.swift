import Diagnostics

/// Tasks in turn: equal shares, which quotas draw one after the other.
struct RoundRobin: Sampler {
    static let name = "roundrobin"
    static let summary = "1/T each, in turn"
    static let source = "the usual baseline"
    static let takesTurns = true

    func weights(_ tasks: SampledTasks) -> [Double] { tasks.names.map { _ in 1 } }
}
