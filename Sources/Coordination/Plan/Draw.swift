/// A step's plan, and the planner's state after the step.
package struct Draw: Equatable, Sendable {
    package var plan: StepPlan
    package let after: PlannerState
    /// The probability of each task; 0 for inactive ones.
    package let probabilities: [Double]

    /// Everything that a step's plan depends on, beside the study and its data.
    ///
    /// A plan drawn ahead is used only if its key is equal.
    package struct Key: Equatable, Sendable {
        /// Steps taken in the stage.
        package let step: Int
        /// Whether each task is still drawn; at least one is.
        package let active: [Bool]
        /// The examples drawn before, and the sampler's memory.
        package let state: PlannerState

        package init(step: Int, active: [Bool], _ state: PlannerState) {
            self.step = step
            self.active = active
            self.state = state
        }
    }
}
