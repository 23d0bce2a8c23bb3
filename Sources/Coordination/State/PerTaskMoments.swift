import Training

/// Moments of each task on the parameters that it shares (AdaTask).
///
/// A task's update comes from its own moments, so no other task's gradients decide how far it moves a
/// parameter; the updates of the step's tasks are added. Yang et al., AdaTask, AAAI 2023.
struct PerTaskMoments: Equatable, Sendable {
    /// In the store's ``PerTaskLayout``.
    var moments: AdamW
    /// By task, the steps of this stage that it was in.
    var steps: [Int64]

    /// Zero moments.
    init(_ store: ParameterStore, tasks: Int) {
        self.init(moments: AdamW(count: store.perTask.count), steps: [Int64](repeating: 0, count: tasks))
    }

    init(moments: AdamW, steps: [Int64]) { (self.moments, self.steps) = (moments, steps) }
}
