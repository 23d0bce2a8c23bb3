import Diagnostics

/// The GLUE benchmark.
package enum GLUE {
    /// All tasks, in the benchmark's order.
    ///
    /// A test compares the table with the files of `Sources/Tasks/GLUE`.
    package static let tasks: [GLUETask] = [
        .cola, .sst2, .mrpc, .stsb, .qqp, .mnli, .qnli, .rte, .wnli,
    ]

    /// The task with this name; the failure for an unknown name suggests the nearest.
    package static func task(named name: String) throws -> GLUETask {
        guard let task = tasks.first(where: { $0.name == name }) else {
            throw Failure.usage("unknown task '\(name)'", remedy: didYouMean(name, among: tasks.map(\.name)))
        }
        return task
    }
}
