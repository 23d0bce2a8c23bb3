/// A division of tasks into groups that share, and TAG's objective for it.
package struct TaskGrouping: Sendable, Equatable {
    /// The tasks of each group, ascending; the groups in the order of their first tasks.
    package let groups: [[Int]]
    /// The mean over all tasks of what each gains in its group.
    package let score: Double
    /// The mean over the tasks that share with another; nil if none does.
    package let scoreOfSharing: Double?

    /// The number of tasks that share with no other.
    package var alone: Int { groups.count { $0.count == 1 } }
}
