import Kernels
package import Studies
import Training

/// One unit of work: examples of one task, whose composition depends on the study alone.
package struct PlannedUnit: Equatable, Sendable {
    /// The task's index.
    package let task: Int
    /// Indices into the task's training file, in the order they are packed.
    package let examples: [Int]

    package init(task: Int, examples: [Int]) {
        self.task = task
        self.examples = examples
    }
}

/// What one optimizer step trains on, and who computes what.
package struct StepPlan: Equatable, Sendable {
    /// The units, in the order they were drawn.
    package let units: [PlannedUnit]
    /// The rank that computes each unit.
    ///
    /// This alone depends on the number of ranks.
    package var ranks: [Int]

    package init(units: [PlannedUnit], ranks: [Int] = []) {
        self.units = units
        self.ranks = ranks
    }

    /// The tasks that take part, ascending.
    package var tasks: [Int] { Array(Set(units.map(\.task))).sorted() }
    /// Examples over all tasks.
    package var examples: Int { units.reduce(0) { $0 + $1.examples.count } }
}

/// What drawing has used up so far; the next draw depends on it, so it belongs to a checkpoint.
package struct PlannerState: Equatable, Sendable {
    /// Examples of each task that were drawn in this stage.
    package var positions: [Int]
    /// Units that were drawn in this stage.
    package var units = 0
    /// The probabilities of all units drawn in this stage, added up by task: what was requested.
    package var requested: [Double]

    package init(tasks: Int) {
        positions = [Int](repeating: 0, count: tasks)
        requested = [Double](repeating: 0, count: tasks)
    }
}

/// Draws plans: a pure function of (study, step, what was drawn before, which tasks are active).
package final class Planner {
    let seed: UInt64
    let batch: BatchSettings
    let sampler: SamplerSettings
    /// Each task's name and the indices of its training examples.
    let tasks: [(name: String, examples: [Int])]
    /// Keeps the draws of the stages apart.
    let stage: Int
    /// Steps of the stage.
    let steps: Int
    /// The tokens of a task's example.
    private let tokens: (_ task: Int, _ example: Int) -> Int

    /// Steps that show as many examples as all tasks have.
    static func stepsPerEpoch(_ sizes: [Int], _ batch: BatchSettings) -> Double {
        Double(sizes.reduce(0, +)) / Double(batch.examples)
    }

    /// The plan of a step of the stage, and the state after it.
    ///
    /// At least one task must be active.
    package func draw(step: Int, _ state: PlannerState, active: [Bool]) -> (StepPlan, PlannerState) {
        var state = state
        let units = drawn(step, &state, active).map { task, range in
            PlannedUnit(task: task, examples: range.map { example(task, at: $0) })
        }
        return (StepPlan(units: levelled(units)), state)
    }

    /// The examples of each task that the steps from one on will draw while no task stops, each of them once.
    ///
    /// It looks ahead only until every task shows all of its examples, or so many units that looking on would take long:
    /// then some that come late may be missing.
    package func examples(
        from step: Int, _ state: PlannerState, active: [Bool], lookingAhead most: Int = 1_000_000
    )
        -> [[Int]]
    {
        var ahead = state
        func isComplete(_ task: Int) -> Bool {
            !active[task] || ahead.positions[task] - state.positions[task] >= 2 * tasks[task].examples.count
        }
        for step in step..<max(step, steps) {
            if ahead.units - state.units >= most || tasks.indices.allSatisfy(isComplete) { break }
            _ = drawn(step, &ahead, active)
        }
        return tasks.indices.map { task in
            // Of two epochs' worth of positions, the first shows all that there are.
            if active[task], isComplete(task) { return tasks[task].examples }
            let range = state.positions[task]..<ahead.positions[task]
            return Array(Set(range.map { example(task, at: $0) }))
        }
    }

    /// The units of a step: each one's task, and the positions of its examples in the task's stream.
    private func drawn(
        _ step: Int, _ state: inout PlannerState, _ active: [Bool]
    ) -> [(task: Int, positions: Range<Int>)] {
        let perEpoch = Self.stepsPerEpoch(tasks.map(\.examples.count), batch)
        let epochs = max(1, Int((Double(steps) / perEpoch).rounded(.up)))
        let probabilities = sampler.probabilities(
            tasks.map { ($0.name, $0.examples.count) }, active: active, epoch: Int(Double(step) / perEpoch),
            epochs: epochs)
        let random = CounterRandom(seed: seed, .sampling, UInt64(stage), UInt64(step))
        var units: [(task: Int, positions: Range<Int>)] = []
        var left = batch.examples
        while left > 0 {
            let task = choose(random.uniform(UInt64(units.count)), probabilities, turn: state.units)
            let count = min(batch.unit, left)
            units.append((task, state.positions[task]..<state.positions[task] + count))
            state.positions[task] += count
            state.units += 1
            for (index, probability) in probabilities.enumerated() { state.requested[index] += probability }
            left -= count
        }
        return units
    }

    /// The same examples in units of the same sizes, exchanged within each task so that units have even numbers of
    /// tokens: the longest first, each to the unit that has the fewest and isn't full.
    ///
    /// Ranks with equally many units then have equally much to do.
    private func levelled(_ units: [PlannedUnit]) -> [PlannedUnit] {
        var levelled = units
        for task in Set(units.map(\.task)) {
            let own = units.indices.filter { units[$0].task == task }
            if own.count == 1 { continue }
            let drawn = own.flatMap { units[$0].examples }.map { (example: $0, tokens: tokens(task, $0)) }
            var filled = own.map { _ in [Int]() }
            // Units that aren't full, by their tokens; of equals the earlier one.
            var open = LeastFirst(own.map { _ in 0 })
            // Swift's sorting keeps the order of what compares equal.
            for (example, tokens) in drawn.sorted(by: { $0.tokens > $1.tokens }) {
                guard let least = open.first else { continue }
                filled[least].append(example)
                if filled[least].count < units[own[least]].examples.count {
                    open.addToFirst(tokens)
                } else {
                    open.removeFirst()
                }
            }
            for (unit, examples) in zip(own, filled) {
                levelled[unit] = PlannedUnit(task: task, examples: examples)
            }
        }
        return levelled
    }

    private func choose(_ number: Double, _ probabilities: [Double], turn: Int) -> Int {
        let active = probabilities.indices.filter { probabilities[$0] > 0 }
        if sampler.name == .roundrobin { return active[turn % active.count] }
        var rest = number
        for task in active {
            rest -= probabilities[task]
            if rest < 0 { return task }
        }
        // Rounding may leave the sum of the probabilities a hair under the number.
        return active[active.count - 1]
    }

    /// The example at a position of a task's endless stream: epoch after epoch, each in an order of its own.
    private func example(_ task: Int, at position: Int) -> Int {
        let examples = tasks[task].examples
        return examples[order(task, epoch: position / examples.count)[position % examples.count]]
    }

    /// The orders of each task's current epochs: a unit may end one and begin the next.
    private var orders: [Int: [Int: [Int]]] = [:]

    package init(
        seed: UInt64, batch: BatchSettings, sampler: SamplerSettings,
        tasks: [(name: String, examples: [Int])],
        stage: Int, steps: Int, tokens: @escaping (_ task: Int, _ example: Int) -> Int = { _, _ in 1 }
    ) {
        self.seed = seed
        self.batch = batch
        self.sampler = sampler
        self.tasks = tasks
        self.stage = stage
        self.steps = steps
        self.tokens = tokens
    }

    private func order(_ task: Int, epoch: Int) -> [Int] {
        if let order = orders[task]?[epoch] { return order }
        let random = CounterRandom(
            seed: seed, .order, stableHash(tasks[task].name), UInt64(stage), UInt64(epoch))
        let order = random.permutation(tasks[task].examples.count).map { Int($0) }
        orders[task] = (orders[task] ?? [:]).filter { $0.key >= epoch - 1 }
        orders[task]?[epoch] = order
        return order
    }
}

/// Gives pieces of work to ranks so that their costs are even: the dearest first, each to whoever has least.
///
/// - Parameters:
///   - costs: the cost of each piece
///   - ranks: the ranks that work
/// - Returns: the rank of each piece
package func assign(costs: [Double], to ranks: [Int]) -> [Int] {
    var load = LeastFirst([Double](repeating: 0, count: ranks.count))
    var owners = [Int](repeating: ranks[0], count: costs.count)
    for piece in costs.indices.sorted(by: { (costs[$0], $1) > (costs[$1], $0) }) {
        guard let least = load.first else { break }
        owners[piece] = ranks[least]
        load.addToFirst(costs[piece])
    }
    return owners
}
