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
    package static var standardWeighting: any LossWeighting.Type { Uniform.self }
}

/// A rule that remembers a number for each ordered pair of tasks from step to step.
package protocol RememberingRule: CombinationRule {
    /// The weight of each task; updates the memory, which begins with zeros.
    func weights(_ tasks: TaskComparison, memory: inout [[Double]]) -> [Double]?
}

extension RememberingRule {
    package func weights(_ tasks: TaskComparison) -> [Double]? {
        var memory = [[Double]](repeating: [Double](repeating: 0, count: tasks.count), count: tasks.count)
        return weights(tasks, memory: &memory)
    }
}

/// A rule that combines moving averages of the tasks' gradients in place of the gradients themselves.
///
/// Its comparison has the inner products of the averages, and the result is Σ w_t m_t. An average of task t
/// begins with zeros and moves to the gradient times ``factor(loss:)``: m ← g + kept (m − g).
package protocol AveragingRule: CombinationRule {
    /// The factor of the gradient of a task with this mean loss.
    func factor(loss: Double) -> Double
    /// The share of the earlier average in a step of the stage, counted from 1.
    func kept(step: Int) -> Double
}

/// The tasks whose gradients are combined, as far as a rule sees them.
package struct TaskComparison: Sendable {
    /// The inner products G_ij = g_i · g_j of the weighted gradients.
    package let gramian: SymmetricMatrix
    /// The orders of rules that visit the tasks at random.
    package let orders: any TaskOrders

    package init(_ gramian: SymmetricMatrix, orders: any TaskOrders) {
        (self.gramian, self.orders) = (gramian, orders)
    }

    package var count: Int { gramian.size }
    /// 1/T for each of T tasks.
    var equalWeights: [Double] { [Double](repeating: 1 / Double(count), count: count) }
}

/// Random orders of tasks.
package protocol TaskOrders: Sendable {
    /// The tasks 0 ..< count in the order for one of them.
    func order(of count: Int, for task: Int) -> [Int]
}
