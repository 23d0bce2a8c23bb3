/// Random orders of tasks.
package protocol TaskOrders: Sendable {
    /// The tasks 0 ..< count in the order for one of them.
    func order(of count: Int, for task: Int) -> [Int]
}
