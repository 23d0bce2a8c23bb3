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
    /// - Returns: the comparison that led to it, if a rule or a weighting of losses did
    func combine(
        _ gradients: TaskGradients, _ products: SharedProducts, of plan: StepPlan,
        _ state: inout CombinationState, into gradient: StepGradient
    ) -> ComparedGradients?
}
