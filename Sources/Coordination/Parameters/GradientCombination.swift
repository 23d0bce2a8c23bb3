import Runs
import Training

/// Makes one gradient of those of the tasks that share a block.
///
/// Every rank applies it to the same bits, so the result is equal on all ranks without further communication.
protocol GradientCombination {
    /// Combines the tasks' gradients.
    ///
    /// - Parameters:
    ///   - gradients: each task's gradient of its summed losses
    ///   - plan: the examples that the losses are of
    ///   - step: the steps of the run before this one
    ///   - mask: the parameters that pruning kept
    ///   - gradient: receives the result on all blocks that any task has a gradient of
    /// - Returns: the comparison that led to it, if the tasks were compared
    func combine(
        _ gradients: TaskGradients, of plan: StepPlan, step: Int, _ mask: ParameterMask?,
        into gradient: StepGradient
    ) -> CombinationReport?
}

/// The gradient of the mean loss over all examples of the step: a task is weighted by its number of examples.
struct SumOfGradients: GradientCombination {
    @discardableResult
    func combine(
        _ gradients: TaskGradients, of plan: StepPlan, step: Int = 0, _ mask: ParameterMask? = nil,
        into gradient: StepGradient
    ) -> CombinationReport? {
        let share = 1 / Float(plan.examples)
        gradient.begin(gradients.blocks)
        for block in gradients.blocks {
            let target = gradient.values(of: block)
            for part in gradients.parts(of: block) {
                for i in target.indices { target[i] += part.values[i] * share }
            }
        }
        return nil
    }
}
