import Runs

/// The result of a step, beside the updated state.
struct StepResult {
    /// The summed losses of each task, in the ascending order of the plan's tasks.
    let losses: [Double]
    /// If recorded, the gradient of each task in its layout, divided by the step's examples, before the
    /// mask of pruned parameters is applied.
    let gradients: [[Float]]
    /// The gradient's norm before clipping.
    let gradientNorm: Double
    /// The inner products of the gradients of the tasks' mean losses, over all shared parameters; nil if they
    /// were not needed, or if no two tasks of the step share any.
    let gramian: [[Double?]]?
    /// The comparison of the tasks' gradients, with the weights of their losses; nil with the rule `sum`.
    let combination: CombinationReport?
    /// The agreement of the tasks, if it was measured.
    let agreement: MeasuredAgreement?
    let tokens: Int
    let bytes: Int
    /// Whether any rank has received a request to stop.
    let isStopRequested: Bool
}
