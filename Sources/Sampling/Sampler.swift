package import Diagnostics

/// A rule for the share of each task in the micro-batches of a stage.
///
/// A sampler sees the tasks' numbers of examples and its own memory, but no rank and no file. It
/// is a file in `Samplers/` and a line in ``SamplerTable``.
package protocol Sampler: PublishedMethod {
    /// Whether the shares differ between the epochs of a stage.
    static var changesByEpoch: Bool { get }
    /// Whether independent drawing takes the tasks strictly in turn.
    static var takesTurns: Bool { get }
    /// The numbers that it remembers of each task; 0 unless it is adaptive.
    static var remembered: Int { get }

    /// Refuses settings that do not fit a study's tasks.
    func check(tasks: [String]) throws

    /// A number for each task, to which its share is proportional; of inactive tasks it is not read.
    func weights(_ tasks: SampledTasks) -> [Double]
}

extension Sampler {
    package static var table: MethodTable { SamplerTable.methods }
    package static var changesByEpoch: Bool { false }
    package static var takesTurns: Bool { false }
    package static var remembered: Int { 0 }

    package func check(tasks: [String]) throws {}

    /// The memory at the start of a stage.
    package func memory(tasks: Int) -> SamplerMemory {
        SamplerMemory(rows: Self.remembered, tasks: tasks)
    }

    /// The probability of each task; 0 for inactive ones.
    ///
    /// - Returns: numbers that add up to 1 if any task is active
    package func probabilities(_ tasks: SampledTasks) -> [Double] {
        let weights = zip(self.weights(tasks), tasks.active).map { $1 ? $0 : 0 }
        // Relative to the largest, so that no sum overflows.
        let most = weights.max() ?? 0
        if most == 0 {
            let active = Double(max(1, tasks.activeCount))
            return tasks.active.map { $0 ? 1 / active : 0 }
        }
        let total = weights.reduce(0) { $0 + $1 / most }
        return weights.map { $0 / most / total }
    }
}

extension Sampler {
    /// Whether later shares depend on scores or losses, so that no plan beyond the next step is certain.
    package var isAdaptive: Bool { self is any ScoreSampler || self is any LossSampler }
}
