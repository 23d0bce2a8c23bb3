import Combination
import Diagnostics
import Formats
import Studies
import Training

extension TrainingState {
    /// Reads what rule, weighting and moments of tasks remember from a checkpoint.
    mutating func restoreCombination(
        _ checkpoint: Checkpoint, _ facts: Facts, _ context: RunContext
    ) throws {
        let (count, tasks) = (context.store.perTask.count, context.names.count)
        if let saved = facts.memory {
            let weighting = context.study.combination.weights
            guard
                let restored = CombinationMemory(saved, tasks: tasks, numbers: weighting.start.count)
            else { throw checkpoint.unusable("memory") }
            memory = restored
        }
        if checkpoint.tensors.contains(where: { $0.name == Self.averagesName }) {
            memory.averageGradients = try checkpoint.floats(Self.averagesName, count: count)
        }
        effect = facts.effect ?? MeanEffect()
        try checkpoint.require(effect.isWhole, "effect")
        guard context.hasPerTaskMoments, stageStep > 0 else { return }
        let steps = try checkpoint.int64s(Self.perTaskName + "steps", count: tasks)
        try checkpoint.require(steps.allSatisfy { (0...1 << 53).contains($0) }, Self.perTaskName + "steps")
        perTask = PerTaskMoments(
            moments: AdamW(
                first: try checkpoint.floats(Self.perTaskName + "first", count: count),
                second: try checkpoint.floats(Self.perTaskName + "second", count: count)), steps: steps)
    }

    /// The tensors of a checkpoint that rule and moments of tasks add.
    var combinationTensors: [NamedTensor] {
        func floats(_ name: String, _ values: [Float]) -> NamedTensor {
            NamedTensor(name: name, shape: [values.count], values: .float(values))
        }
        var tensors: [NamedTensor] = []
        if let perTask {
            tensors += [
                floats(Self.perTaskName + "first", perTask.moments.first),
                floats(Self.perTaskName + "second", perTask.moments.second),
                NamedTensor(
                    name: Self.perTaskName + "steps", shape: [perTask.steps.count],
                    values: .int64(perTask.steps)),
            ]
        }
        if !memory.averageGradients.isEmpty {
            tensors.append(floats(Self.averagesName, memory.averageGradients))
        }
        return tensors
    }

    private static let averagesName = "averageGradients"
    private static let perTaskName = "perTask."
}
