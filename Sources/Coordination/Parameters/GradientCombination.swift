/// A rule that combines the gradients of the tasks that share a block into one.
///
/// Every rank applies it to the same bits, so the result is equal on all ranks without further communication.
protocol GradientCombination {
    /// Combines the tasks' gradients.
    ///
    /// - Parameters:
    ///   - gradients: each task's gradient of its summed losses
    ///   - examples: the number of examples in the step, over all tasks
    ///   - gradient: receives the result on all blocks that any task has a gradient of
    func combine(_ gradients: TaskGradients, examples: Int, into gradient: StepGradient)
}

/// The gradient of the mean loss over all examples of the step: a task is weighted by its number of examples.
struct SumOfGradients: GradientCombination {
    func combine(_ gradients: TaskGradients, examples: Int, into gradient: StepGradient) {
        let share = 1 / Float(examples)
        gradient.begin(gradients.blocks)
        for block in gradients.blocks {
            let target = gradient.values(of: block)
            for part in gradients.parts(of: block) {
                for i in target.indices { target[i] += part.values[i] * share }
            }
        }
    }
}
