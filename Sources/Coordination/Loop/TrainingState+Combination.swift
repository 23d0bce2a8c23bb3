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
        if let saved = facts.progress.memory {
            let weighting = context.study.combination.weights
            guard
                let restored = CombinationMemory(saved, tasks: tasks, numbers: weighting.start.count)
            else { throw checkpoint.unusable("memory") }
            memory = restored
        }
        if checkpoint.tensors.contains(where: { $0.name == Self.averagesName }) {
            memory.averageGradients = try checkpoint.floats(Self.averagesName, count: count)
        }
        effect = facts.progress.effect ?? MeanEffect()
        try checkpoint.require(effect.isWhole, "effect")
        guard context.hasPerTaskMoments, stageStep > 0 else { return }
        let steps = try checkpoint.int64s(Self.perTaskName + "steps", count: tasks)
        for count in steps { _ = try checkpoint.count(Int(count), Self.perTaskName + "steps") }
        perTask = PerTaskMoments(
            moments: AdamW(
                first: try checkpoint.floats(Self.perTaskName + "first", count: count),
                second: try checkpoint.floats(Self.perTaskName + "second", count: count)), steps: steps)
    }

    /// The tensors of a checkpoint that rule and moments of tasks add.
    var combinationTensors: [NamedTensor] {
        var tensors: [NamedTensor] = []
        if let perTask {
            tensors += [
                NamedTensor(Self.perTaskName + "first", perTask.moments.first),
                NamedTensor(Self.perTaskName + "second", perTask.moments.second),
                NamedTensor(Self.perTaskName + "steps", perTask.steps),
            ]
        }
        if !memory.averageGradients.isEmpty {
            tensors.append(NamedTensor(Self.averagesName, memory.averageGradients))
        }
        return tensors
    }

    private static let averagesName = "averageGradients"
    private static let perTaskName = "perTask."
}
