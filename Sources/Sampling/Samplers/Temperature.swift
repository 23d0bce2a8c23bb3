import Diagnostics
import Foundation

/// Shares ∝ min(n_i, cap)^(1/τ): from proportional at τ = 1 towards uniform.
struct Temperature: Sampler {
    static let name = "temperature"
    static let summary = "by a root of the number of examples"
    static let source = "Raffel et al., T5, 2020 (arXiv 1910.10683); τ = 10 in HyperFormer, 2021"
    static let keys = [
        MethodKey("temperature", \Temperature.temperature, allowed: "a positive number", "τ, the root") {
            $0 > 0 ? nil : "is \($0), expected a positive number"
        },
        MethodKey("cap", \.cap, allowed: "0 or more", "the most examples that count; 0 for no limit") {
            $0 >= 0 ? nil : "is \($0), expected 0 (no limit) or more"
        },
    ]
    var temperature = 10.0
    var cap = 0

    func weights(_ tasks: SampledTasks) -> [Double] {
        func counted(_ n: Int) -> Double { Double(cap > 0 ? min(n, cap) : n) }
        let largest = zip(tasks.examples, tasks.active).map { $1 ? counted($0) : 1 }.max() ?? 1
        // Relative to the largest, so that no power overflows.
        return tasks.examples.map { pow(counted($0) / largest, 1 / temperature) }
    }
}
