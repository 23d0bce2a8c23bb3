/// Everything that the draw of a step's plan depends on, beside the study and its data.
///
/// A plan that was drawn ahead is used only for an equal key.
package struct DrawKey: Equatable, Sendable {
    /// Steps taken in the stage.
    package let step: Int
    /// Which tasks are still drawn; at least one is.
    package let active: [Bool]
    /// What was drawn before.
    package let state: PlannerState

    package init(step: Int, active: [Bool], _ state: PlannerState) {
        self.step = step
        self.active = active
        self.state = state
    }
}

/// A step's plan, and the planner's state once the step has been taken.
package struct Draw: Equatable, Sendable {
    package var plan: StepPlan
    package let after: PlannerState
}
