import Diagnostics

/// The GLUE benchmark: its tasks, and how to find one by name.
package enum GLUE {
    /// All tasks, in the benchmark's order; a test holds the table to the files of `Sources/Tasks/GLUE`.
    package static let tasks: [GLUETask] = [
        .cola, .sst2, .mrpc, .stsb, .qqp, .mnli, .qnli, .rte, .wnli,
    ]

    /// The task of that name, or a failure that suggests the nearest.
    package static func task(named name: String) throws -> GLUETask {
        guard let task = tasks.first(where: { $0.name == name }) else {
            throw Failure.usage("unknown task '\(name)'", remedy: didYouMean(name, among: tasks.map(\.name)))
        }
        return task
    }
}
