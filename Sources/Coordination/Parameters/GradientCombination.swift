import Runs
import Training

/// Combines the gradients of the tasks that share a block.
///
/// Every rank applies it to the same bits, so the result is equal on all ranks without further communication.
protocol GradientCombination {
    /// Whether it reads each task's gradient, and not only their sum.
    var readsTasks: Bool { get }

    /// Combines the tasks' gradients.
    ///
    /// - Parameters:
    ///   - gradients: each task's gradient of its summed losses
    ///   - products: the inner products of these gradients, if they are read
    ///   - plan: the examples that the losses are of
    ///   - state: all else that the result depends on
    ///   - gradient: receives the result on all blocks that any task has a gradient of
    /// - Returns: the comparison that led to it, if the tasks were compared
    func combine(
        _ gradients: TaskGradients, _ products: SharedProducts, of plan: StepPlan,
        _ state: inout CombinationState, into gradient: StepGradient
    ) -> ComparedGradients?
}

/// The part of the training state that a combination reads, and the memory that it changes.
struct CombinationState {
    /// The steps of the run, and of the stage, before this one.
    let step: Int
    let stageStep: Int
    /// The epoch of the stage, from 0.
    let epoch: Int
    /// The mean loss of each row's task.
    let losses: [Double]
    /// The parameters that pruning kept.
    let mask: ParameterMask?
    var memory: CombinationMemory
}

/// The comparison of tasks that led to a gradient.
struct ComparedGradients {
    let report: CombinationReport
    /// The blocks on which gradients of several tasks were combined.
    let blocks: [Int]
    /// The gradient of ``SumOfGradients``, with which the result is compared.
    let sum: StepGradient
    /// The norm of the weighted sum over all blocks, by which those that were not combined are clipped.
    let weightedNorm: GlobalNorm
}

/// The gradient of the mean loss over all examples of the step: a task is weighted by its number of examples.
struct SumOfGradients: GradientCombination {
    var readsTasks: Bool { false }

    func combine(
        _ gradients: TaskGradients, _: SharedProducts, of plan: StepPlan, _: inout CombinationState,
        into gradient: StepGradient
    ) -> ComparedGradients? {
        combine(gradients, of: plan, into: gradient)
        return nil
    }

    func combine(_ gradients: TaskGradients, of plan: StepPlan, into gradient: StepGradient) {
        let share = 1 / Float(plan.examples)
        gradient.begin(gradients.blocks)
        for block in gradients.blocks {
            let (target, total) = (gradient.values(of: block), gradients.total(of: block))
            for i in total.indices { target[i] = total[i] * share }
        }
    }
}
