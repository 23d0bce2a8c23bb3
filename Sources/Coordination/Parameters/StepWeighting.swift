import Combination
import Diagnostics
import Kernels
import Studies
import Tasks

/// Applies the study's weighting of losses to a step.
struct StepWeighting {
    private let names: [String]
    private let weighting: any LossWeighting
    private let seed: UInt64

    init(_ study: Study) {
        (names, weighting, seed) = (study.tasks.map(\.name), study.combination.weights, study.seed)
    }

    /// Whether the weighting learns from the losses after a step.
    var looksBack: Bool { weighting is any HindsightWeighting }

    /// The tasks of a step with their weights; updates the weighting's memory.
    ///
    /// Random numbers are drawn from seed and step.
    func tasks(_ tasks: [Int], of plan: StepPlan, _ state: inout CombinationState) -> [WeightedTask] {
        let examples = tasks.map { Double(plan.examples(of: $0)) }
        let random = CounterRandom(
            seed: seed, .combination, UInt64(state.step), FNV1a.hash("combination.weights"))
        let losses = TaskLosses(
            names: tasks.map { names[$0] }, losses: state.losses,
            shares: examples.map { $0 / Double(plan.examples) }, epoch: state.epoch,
            normals: tasks.map { random.normal(UInt64($0)) })
        var rows = rows(of: tasks, in: state.memory)
        let weights = weighting.weights(losses, memory: &rows)
        keep(rows, of: tasks, in: &state.memory)
        return tasks.indices.map {
            WeightedTask(
                task: tasks[$0], examples: examples[$0], loss: state.losses[$0], weight: weights[$0])
        }
    }

    /// Lets the weighting learn from the tasks' mean losses before and after the update of a step.
    func learn(
        _ tasks: [Int], before: [Double], after: [Double], _ memory: inout CombinationMemory
    ) {
        guard let weighting = weighting as? any HindsightWeighting else { return }
        var rows = rows(of: tasks, in: memory)
        weighting.learn(before: before, after: after, memory: &rows)
        keep(rows, of: tasks, in: &memory)
    }

    private func rows(of tasks: [Int], in memory: CombinationMemory) -> [[Double]] {
        tasks.map { memory.weighting.isEmpty ? weighting.start : memory.weighting[$0] }
    }

    private func keep(_ rows: [[Double]], of tasks: [Int], in memory: inout CombinationMemory) {
        if weighting.start.isEmpty { return }
        if memory.weighting.isEmpty { memory.weighting = names.map { _ in weighting.start } }
        for (task, row) in zip(tasks, rows) { memory.weighting[task] = row }
    }
}
