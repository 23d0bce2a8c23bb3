import Diagnostics
import Foundation

/// Shares ∝ n_i^α with α_e = 1 − 0.8 e / (E − 1) in epoch e of E: from proportional towards uniform.
struct Annealed: Sampler {
    static let name = "annealed"
    static let summary = "by the number of examples at first, ever more evenly from epoch to epoch"
    static let source = "Stickland and Murray, PALs, 2019 (arXiv 1902.02671)"
    static let changesByEpoch = true

    func weights(_ tasks: SampledTasks) -> [Double] {
        let last = tasks.epochs - 1
        let progress = last > 0 ? Double(min(tasks.epoch, last)) / Double(last) : 0
        return tasks.examples.map { pow(Double($0), 1 - 0.8 * progress) }
    }
}
