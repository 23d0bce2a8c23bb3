import Kernels
package import Studies

/// Draws the plans of one stage: a pure function of the study and a ``DrawKey``.
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
    private let tokens: any TokenCounts

    /// Steps that show as many examples as all tasks have.
    static func stepsPerEpoch(_ sizes: [Int], _ batch: BatchSettings) -> Double {
        Double(sizes.reduce(0, +)) / Double(batch.examples)
    }

    /// Draws the plan of a step of the stage; no micro-batch has a rank yet.
    package func draw(_ key: DrawKey) -> Draw {
        var state = key.state
        let microBatches = drawn(key.step, &state, key.active).map { task, range in
            MicroBatch(task: task, examples: range.map { example(task, at: $0) })
        }
        return Draw(plan: StepPlan(levelled(microBatches)), after: state)
    }

    /// The examples of each task that the steps from one on will draw while no task stops, each of them once.
    ///
    /// It looks ahead only until every task shows all of its examples, or so many units that looking on would take long:
    /// then some that come late may be missing.
    package func examples(from key: DrawKey, lookingAhead most: Int = 1_000_000) -> [[Int]] {
        let (step, state, active) = (key.step, key.state, key.active)
        var ahead = state
        func isComplete(_ task: Int) -> Bool {
            !active[task] || ahead.positions[task] - state.positions[task] >= 2 * tasks[task].examples.count
        }
        for step in step..<max(step, steps) {
            if ahead.microBatches - state.microBatches >= most || tasks.indices.allSatisfy(isComplete) {
                break
            }
            _ = drawn(step, &ahead, active)
        }
        return tasks.indices.map { task in
            // Of two epochs' worth of positions, the first shows all that there are.
            if active[task], isComplete(task) { return tasks[task].examples }
            let range = state.positions[task]..<ahead.positions[task]
            return Array(Set(range.map { example(task, at: $0) }))
        }
    }

    /// The micro-batches of a step: each one's task, and the positions of its examples in the task's stream.
    private func drawn(
        _ step: Int, _ state: inout PlannerState, _ active: [Bool]
    ) -> [(task: Int, positions: Range<Int>)] {
        let perEpoch = Self.stepsPerEpoch(tasks.map(\.examples.count), batch)
        let epochs = max(1, Int((Double(steps) / perEpoch).rounded(.up)))
        let probabilities = sampler.probabilities(
            tasks.map { ($0.name, $0.examples.count) }, active: active, epoch: Int(Double(step) / perEpoch),
            epochs: epochs)
        let random = CounterRandom(seed: seed, .sampling, UInt64(stage), UInt64(step))
        var microBatches: [(task: Int, positions: Range<Int>)] = []
        var left = batch.examples
        while left > 0 {
            let task = choose(
                random.uniform(UInt64(microBatches.count)), probabilities, turn: state.microBatches)
            let count = min(batch.unit, left)
            microBatches.append((task, state.positions[task]..<state.positions[task] + count))
            state.positions[task] += count
            state.microBatches += 1
            for (index, probability) in probabilities.enumerated() { state.requested[index] += probability }
            left -= count
        }
        return microBatches
    }

    /// Exchanges examples within each task so that its micro-batches have even numbers of tokens.
    ///
    /// The longest example goes first, each to the micro-batch that has the fewest tokens and is not full. Sizes stay.
    /// Ranks with equally many micro-batches then have equally much to do.
    private func levelled(_ drawn: [MicroBatch]) -> [MicroBatch] {
        var levelled = drawn
        for task in Set(drawn.map(\.task)) {
            let own = drawn.indices.filter { drawn[$0].task == task }
            if own.count == 1 { continue }
            let examples = own.flatMap { drawn[$0].examples }.map {
                (example: $0, tokens: tokens.tokens(task: task, example: $0))
            }
            var filled = own.map { _ in [Int]() }
            // Micro-batches that are not full, by their tokens; of equals the earlier one.
            var open = LeastFirst(own.map { _ in 0 })
            // Swift's sorting keeps the order of what compares equal.
            for (example, tokens) in examples.sorted(by: { $0.tokens > $1.tokens }) {
                guard let least = open.first else { continue }
                filled[least].append(example)
                if filled[least].count < drawn[own[least]].examples.count {
                    open.addToFirst(tokens)
                } else {
                    open.removeFirst()
                }
            }
            for (index, examples) in zip(own, filled) {
                levelled[index] = MicroBatch(task: task, examples: examples)
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

    /// The orders of each task's current epochs: a micro-batch may end one and begin the next.
    private var orders: [Int: [Int: [Int]]] = [:]

    package init(
        seed: UInt64, batch: BatchSettings, sampler: SamplerSettings,
        tasks: [(name: String, examples: [Int])], stage: Int, steps: Int, tokens: any TokenCounts
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
