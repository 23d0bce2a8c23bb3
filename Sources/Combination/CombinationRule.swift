/// A rule that combines the gradients of several tasks on the parameters that they share.
///
/// With the gradient g_t of task t's mean loss, the result is Σ w_t g_t. A rule is the function from the
/// inner products of the gradients to the weights w: it sees no gradient, rank or file. A rule is a file
/// in `Rules/` and a line in ``CombinationTable``. Its stored properties are its settings and hold the
/// defaults.
package protocol CombinationRule: Sendable {
    /// The name in studies.
    static var name: String { get }
    /// One line of explanation.
    static var summary: String { get }
    /// Where the rule was published.
    static var source: String { get }
    /// The settings' keys; none by default.
    static var keys: [RuleKey<Self>] { get }
    /// Whether the rule's guarantee is about all tasks at once, and thus lost in a step that lacks one.
    static var comparesAllTasks: Bool { get }

    /// The rule with default settings.
    init()

    /// The weight of each task, or nil if there is no solution.
    func weights(_ tasks: TaskComparison) -> [Double]?
}

extension CombinationRule {
    package static var keys: [RuleKey<Self>] { [] }
    package static var keyNames: [String] { keys.map(\.name) }
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

/// The tasks whose gradients are combined, as far as a rule sees them.
package struct TaskComparison: Sendable {
    /// The inner products G_ij = g_i · g_j.
    package let gramian: SymmetricMatrix
    /// Each task's share of the step's examples.
    package let shares: [Double]
    /// The orders of rules that visit the tasks at random.
    package let orders: any TaskOrders

    package init(_ gramian: SymmetricMatrix, shares: [Double], orders: any TaskOrders) {
        (self.gramian, self.shares, self.orders) = (gramian, shares, orders)
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
