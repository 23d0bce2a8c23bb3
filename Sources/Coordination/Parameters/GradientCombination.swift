/// A rule that makes one gradient of each block from the gradients of the tasks that share it.
///
/// Every rank applies it to the same bits, so its result is equal on all ranks and nothing more has to travel.
protocol GradientCombination {
    /// Combines the tasks' gradients.
    ///
    /// - Parameters:
    ///   - gradients: each task's gradient of its summed losses
    ///   - examples: the step's examples over all tasks
    ///   - gradient: takes the result; its blocks are those that any task has a gradient of
    func combine(_ gradients: TaskGradients, examples: Int, into gradient: StepGradient)
}

/// The gradient of the mean loss over all examples of the step: a task counts by how many of them it brings.
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
