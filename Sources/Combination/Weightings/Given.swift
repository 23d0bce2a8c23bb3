import Diagnostics

/// The numbers of the study, by task; 1 for a task without one.
package struct Given: LossWeighting {
    package static let name = "given"
    package static let summary = "the numbers of the study, such as { cola: 2 }; 1 for other tasks"
    package static let source = "tuned constants, the baseline of Xin et al., 2022 (arXiv 2209.11379)"
    /// By task.
    package let numbers: [String: Double]

    package init() { numbers = [:] }

    package init(_ numbers: [String: Double]) { self.numbers = numbers }

    package func weights(_ tasks: TaskLosses, memory: inout [[Double]]) -> [Double] {
        tasks.names.map { numbers[$0] ?? 1 }
    }
}
