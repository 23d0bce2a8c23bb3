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
