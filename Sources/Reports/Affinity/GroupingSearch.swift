/// The search for the best groups of tasks by the objective of TAG (Fifty et al., 2021, arXiv 2109.04617).
///
/// With the affinity Z_ij of task i to task j, task j gains in its group the mean of Z_ij over the group's
/// other tasks i, and a task alone gains a given number. The score of a division is the mean gain of all
/// tasks. TAG's groups may overlap; a study gives each task one group, so here they divide the tasks. All
/// divisions are compared, 4,213,597 of twelve tasks.
package struct GroupingSearch: Sendable {
    /// The most tasks whose divisions are all compared.
    package static let mostTasks = 12
    /// TAG's gain of a task alone: any group is better.
    package static let alone = -1e6

    private let tasks: Int
    /// By set of tasks, as bits: the sum of its tasks' gains.
    private let gains: [Double]
    /// A task alone gains this.
    private let alone: Double

    /// At most ``mostTasks`` tasks; `affinity` has a row for each task i and a column for each task j.
    package init(_ affinity: [[Double]], alone: Double = alone) {
        let tasks = affinity.count
        precondition(tasks <= Self.mostTasks, "too many tasks to compare all divisions")
        (self.tasks, self.alone) = (tasks, alone)
        gains = (0..<(1 << tasks)).map { set in
            let members = (0..<tasks).filter { set >> $0 & 1 == 1 }
            if members.count < 2 { return members.isEmpty ? 0 : alone }
            let sum = members.reduce(0.0) { sum, j in
                sum + members.reduce(0.0) { $0 + ($1 == j ? 0 : affinity[$1][j]) }
            }
            return sum / Double(members.count - 1)
        }
    }

    /// The best division into this many groups; of equal ones the first in the order of the search.
    package func best(groups count: Int) -> TaskGrouping? {
        var best: TaskGrouping?
        visit(groups: count) { sets, score in
            if score > best?.score ?? -.infinity { best = grouping(sets, score) }
        }
        return best
    }

    /// The best divisions, the best first, and the worst, the worst last; none is in both.
    ///
    /// They have `count` groups, or any number from 2 if nil.
    package func extremes(_ number: Int, groups count: Int?) -> Extremes {
        var best: [TaskGrouping] = []
        var worst: [TaskGrouping] = []
        var total = 0
        for groups in count.map({ $0...$0 }) ?? 2...max(2, tasks) {
            visit(groups: groups) { sets, score in
                total += 1
                func insert(_ list: inout [TaskGrouping], _ isBefore: (Double, Double) -> Bool) {
                    if list.count == number, let last = list.last, !isBefore(score, last.score) { return }
                    let place = list.firstIndex { isBefore(score, $0.score) } ?? list.count
                    list.insert(grouping(sets, score), at: place)
                    if list.count > number { list.removeLast() }
                }
                insert(&best, >)
                insert(&worst, <)
            }
        }
        let others = worst.filter { !best.contains($0) }
        return Extremes(best: best, worst: others.reversed(), total: total)
    }

    /// The best and the worst of all divisions.
    package struct Extremes: Sendable {
        package let best, worst: [TaskGrouping]
        /// The number of divisions compared.
        package let total: Int
    }

    private func grouping(_ sets: [Int], _ score: Double) -> TaskGrouping {
        let groups = sets.map { set in (0..<tasks).filter { set >> $0 & 1 == 1 } }
        let sharing = groups.filter { $0.count > 1 }.reduce(0) { $0 + $1.count }
        let gain = sets.reduce(0) { $0 + ($1.nonzeroBitCount > 1 ? gains[$1] : 0) }
        return TaskGrouping(
            groups: groups, score: score, scoreOfSharing: sharing > 0 ? gain / Double(sharing) : nil)
    }

    /// Visits every division into `count` groups once: task after task joins a group before, or begins one.
    private func visit(groups count: Int, _ body: (_ sets: [Int], _ score: Double) -> Void) {
        guard count >= 1, count <= tasks else { return }
        var sets: [Int] = []
        func place(_ task: Int) {
            if task == tasks {
                if sets.count == count {
                    body(sets, sets.reduce(0) { $0 + gains[$1] } / Double(tasks))
                }
                return
            }
            // The rest must suffice to begin the missing groups.
            if count - sets.count < tasks - task {
                for index in sets.indices {
                    sets[index] |= 1 << task
                    place(task + 1)
                    sets[index] &= ~(1 << task)
                }
            }
            if sets.count < count {
                sets.append(1 << task)
                place(task + 1)
                sets.removeLast()
            }
        }
        place(0)
    }
}
