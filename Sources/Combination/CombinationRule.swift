package import Diagnostics

/// A rule that combines the gradients of several tasks on the parameters that they share.
///
/// With the weighted gradient g_t of task t's mean loss, the result is Σ w_t g_t. A rule is the function
/// from the inner products of the gradients to the weights w: it sees no gradient, rank or file. A rule is
/// a file in `Rules/` and a line in ``CombinationTable``.
package protocol CombinationRule: PublishedMethod {
    /// Whether the rule's guarantee is about all tasks at once, and thus lost in a step that lacks one.
    static var comparesAllTasks: Bool { get }
    /// Whether the weights depend on the number of tasks alone; false by default.
    static var isConstant: Bool { get }
    /// The weighting of a study that names none: by default, each task counts the same.
    static var standardWeighting: any LossWeighting.Type { get }

    /// The weight of each task, or nil if there is no solution.
    func weights(_ tasks: TaskComparison) -> [Double]?
}

extension CombinationRule {
    package static var table: MethodTable { CombinationTable.methods }
    package static var isConstant: Bool { false }
    /// A constant rule compares no gradients, and its weights do not change from step to step.
    package static var refusedKeys: [String] { isConstant ? ["over", "smoothing"] : [] }
    package static var standardWeighting: any LossWeighting.Type { Uniform.self }
}
