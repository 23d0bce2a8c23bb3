import Kernels
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
        let perEpoch = Self.stepsPerEpoch(tasks.map(\.examples.count), batch)
        let epochs = max(1, Int((Double(steps) / perEpoch).rounded(.up)))
        let probabilities = sampler.probabilities(
            tasks.map { ($0.name, $0.examples.count) }, active: active, epoch: Int(Double(step) / perEpoch),
            epochs: epochs)
        let random = CounterRandom(seed: seed, .sampling, UInt64(stage), UInt64(step))
        var units: [PlannedUnit] = []
        var left = batch.examples
        while left > 0 {
            let task = choose(random.uniform(UInt64(units.count)), probabilities, turn: state.units)
            let count = min(batch.unit, left)
            let range = state.positions[task]..<state.positions[task] + count
            units.append(PlannedUnit(task: task, examples: range.map { example(task, at: $0) }))
            state.positions[task] += count
            state.units += 1
            for (index, probability) in probabilities.enumerated() { state.requested[index] += probability }
            left -= count
        }
        return (StepPlan(units: levelled(units)), state)
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
            var filled = own.map { _ in (examples: [Int](), tokens: 0) }
            // Swift's sorting keeps the order of what compares equal.
            for (example, tokens) in drawn.sorted(by: { $0.tokens > $1.tokens }) {
                let open = own.indices.filter { filled[$0].examples.count < units[own[$0]].examples.count }
                guard let least = open.min(by: { filled[$0].tokens < filled[$1].tokens }) else { continue }
                filled[least].examples.append(example)
                filled[least].tokens += tokens
            }
            for (unit, filled) in zip(own, filled) {
                levelled[unit] = PlannedUnit(task: task, examples: filled.examples)
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
    var load = [Double](repeating: 0, count: ranks.count)
    var owners = [Int](repeating: ranks[0], count: costs.count)
    for piece in costs.indices.sorted(by: { (costs[$0], $1) > (costs[$1], $0) }) {
        var least = 0
        for rank in ranks.indices where load[rank] < load[least] { least = rank }
        owners[piece] = ranks[least]
        load[least] += costs[piece]
    }
    return owners
}
