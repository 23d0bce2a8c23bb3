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
