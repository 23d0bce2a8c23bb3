import Diagnostics
import Kernels
import Sampling
package import Studies

/// Draws the plans of one stage: a pure function of the study and a ``Draw/Key``.
package final class Planner {
    let seed: UInt64
    let batch: BatchSettings
    let sampler: SamplerSettings
    /// Each task's name and the indices of its training examples.
    let tasks: [(name: String, examples: [Int])]
    /// The stage's number, which selects its random stream.
    let stage: Int
    /// Steps of the stage.
    let steps: Int
    private let shares: StageShares
    private let tokens: any TokenCounts

    /// The steps that draw as many examples as all tasks have together.
    static func stepsPerEpoch(_ sizes: [Int], _ batch: BatchSettings) -> Double {
        Double(sizes.reduce(0, +)) / Double(batch.examples)
    }

    /// Draws the plan of a step, without assigning ranks.
    package func draw(_ key: Draw.Key) -> Draw {
        var state = key.state
        let microBatches = drawn(key.step, &state, key.active).map { task, range in
            MicroBatch(task: task, examples: range.map { example(task, at: $0) })
        }
        return Draw(
            plan: StepPlan(balanced(microBatches)), after: state, probabilities: shares(key).drawn)
    }

    /// By task, the set of examples that this step and all later ones draw if no task stops early.
    ///
    /// It looks ahead until every task has drawn all of its examples, or `most` micro-batches far; examples
    /// that are first drawn after that are missing. With an adaptive sampler, the plans of later steps are
    /// not known, and those with the present probabilities stand for them.
    package func examples(from key: Draw.Key, lookingAhead most: Int = 1_000_000) -> [[Int]] {
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
            // Any two epochs' worth of positions contain a whole epoch.
            if active[task], isComplete(task) { return tasks[task].examples }
            let range = state.positions[task]..<ahead.positions[task]
            return Array(Set(range.map { example(task, at: $0) }))
        }
    }

    /// The micro-batches of a step: the task of each, and the positions of its examples in the task's stream.
    private func drawn(
        _ step: Int, _ state: inout PlannerState, _ active: [Bool]
    ) -> [(task: Int, positions: Range<Int>)] {
        let shares = shares.step(step, active: active, state.memory)
        let tasks =
            switch sampler.draw {
            case .quota: byQuota(step, shares, &state, active)
            case .random: atRandom(step, shares, state)
            }
        var microBatches: [(task: Int, positions: Range<Int>)] = []
        var left = batch.examples
        for task in tasks {
            let count = min(batch.microBatch, left)
            microBatches.append((task, state.positions[task]..<state.positions[task] + count))
            state.positions[task] += count
            state.microBatches += 1
            for (index, probability) in shares.asked.enumerated() { state.requested[index] += probability }
            left -= count
        }
        return microBatches
    }

    /// The tasks of a step by quota: every active one first if the step has to hold them, then those that
    /// are due.
    private func byQuota(
        _ step: Int, _ shares: StageShares.Step, _ state: inout PlannerState, _ active: [Bool]
    ) -> [Int] {
        let free = shares.freeMicroBatches
        var tasks = free < batch.microBatches ? active.indices.filter { active[$0] } : []
        var quota = TaskQuota(lags: state.lags)
        for number in 0..<free {
            tasks.append(
                quota.next(shares.free, active: active) { amount, task in
                    self.shares.draws(
                        amount, task: task, from: step, draw: number, shares, active: active, state.memory)
                })
        }
        state.lags = quota.lags
        if batch.examples % batch.microBatch != 0 { placeRemainder(&tasks, &state.remainders) }
        return tasks
    }

    /// Puts a micro-batch last of the task that is owed most of the smaller final micro-batches.
    ///
    /// Each micro-batch of a step makes its task due an equal part of the step's smaller one, so that tasks
    /// have their shares of examples too.
    private func placeRemainder(_ tasks: inout [Int], _ remainders: inout [Double]) {
        for task in tasks { remainders[task] += 1 / Double(tasks.count) }
        guard let chosen = Set(tasks).sorted().max(by: { remainders[$0] < remainders[$1] - 1e-9 }),
            let last = tasks.lastIndex(of: chosen)
        else { return }
        tasks.append(tasks.remove(at: last))
        remainders[chosen] -= 1
    }

    /// The tasks of a step, each independent of the others.
    private func atRandom(_ step: Int, _ shares: StageShares.Step, _ state: PlannerState) -> [Int] {
        let random = CounterRandom(seed: seed, .sampling, UInt64(stage), UInt64(step))
        return (0..<batch.microBatches).map {
            choose(random.uniform(UInt64($0)), shares.asked, turn: state.microBatches + $0)
        }
    }

    /// The probabilities of the next step.
    func shares(_ key: Draw.Key) -> StageShares.Step {
        shares.step(key.step, active: key.active, key.state.memory)
    }

    /// Balances the tokens of each task's micro-batches, whose numbers of examples stay.
    ///
    /// In order of falling length, each example goes to the micro-batch with the fewest tokens that is not
    /// full. Ranks with equally many micro-batches then have about the same load.
    private func balanced(_ drawn: [MicroBatch]) -> [MicroBatch] {
        var balanced = drawn
        for task in Set(drawn.map(\.task)) {
            let own = drawn.indices.filter { drawn[$0].task == task }
            if own.count == 1 { continue }
            let examples = own.flatMap { drawn[$0].examples }.map {
                (example: $0, tokens: tokens.tokens(task: task, example: $0))
            }
            var filled = own.map { _ in [Int]() }
            // The tokens of micro-batches that are not full.
            var open = LeastFirst(own.map { _ in 0 })
            // Swift's sort is stable.
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
                balanced[index] = MicroBatch(task: task, examples: examples)
            }
        }
        return balanced
    }

    private func choose(_ number: Double, _ probabilities: [Double], turn: Int) -> Int {
        let active = probabilities.indices.filter { probabilities[$0] > 0 }
        if type(of: sampler.sampler).takesTurns { return active[turn % active.count] }
        var rest = number
        for task in active {
            rest -= probabilities[task]
            if rest < 0 { return task }
        }
        // With rounding, the probabilities may add up to less than the number.
        return active[active.count - 1]
    }

    /// The example at a position of a task's endless stream: epoch after epoch, each in another random order.
    private func example(_ task: Int, at position: Int) -> Int {
        let examples = tasks[task].examples
        return examples[order(task, epoch: position / examples.count)[position % examples.count]]
    }

    /// The orders of each task's current epochs: a micro-batch may end one and begin the next.
    private var orders: [Int: [Int: [Int]]] = [:]

    package init(
        seed: UInt64, batch: BatchSettings, sampler: SamplerSettings,
        tasks: [(name: String, examples: [Int])], stage: Int, steps: Int, holdsEveryTask: Bool = false,
        tokens: any TokenCounts
    ) {
        self.seed = seed
        self.batch = batch
        self.sampler = sampler
        self.tasks = tasks
        self.stage = stage
        self.steps = steps
        self.tokens = tokens
        let sizes = tasks.map(\.examples.count)
        let perEpoch = Self.stepsPerEpoch(sizes, batch)
        shares = StageShares(
            sampler: sampler.sampler, names: tasks.map(\.name), examples: sizes, stepsPerEpoch: perEpoch,
            epochs: max(1, Int((Double(steps) / perEpoch).rounded(.up))), microBatches: batch.microBatches,
            holdsEveryTask: holdsEveryTask && sampler.draw == .quota)
    }

    private func order(_ task: Int, epoch: Int) -> [Int] {
        if let order = orders[task]?[epoch] { return order }
        let random = CounterRandom(
            seed: seed, .order, FNV1a.hash(tasks[task].name), UInt64(stage), UInt64(epoch))
        let order = random.permutation(tasks[task].examples.count).map { Int($0) }
        orders[task] = (orders[task] ?? [:]).filter { $0.key >= epoch - 1 }
        orders[task]?[epoch] = order
        return order
    }
}
