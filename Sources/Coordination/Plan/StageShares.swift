import Sampling
import Studies

/// The tasks' probabilities at the steps of a stage.
struct StageShares {
    let sampler: any Sampler
    /// Each task's name and number of training examples.
    let names: [String]
    let examples: [Int]
    let stepsPerEpoch: Double
    let epochs: Int
    /// Micro-batches of a step.
    let microBatches: Int
    /// Whether each active task has a micro-batch in each step.
    let holdsEveryTask: Bool

    /// The probabilities of one step.
    struct Step {
        /// As the sampler asks.
        let asked: [Double]
        /// As they are drawn: at least 1 / M of M micro-batches if every step holds every task.
        let drawn: [Double]
        /// The probabilities for the micro-batches left after each active task has one, and their number.
        let free: [Double]
        let freeMicroBatches: Int
    }

    func step(_ step: Int, active: [Bool], _ memory: SamplerMemory) -> Step {
        let asked = sampler.probabilities(
            SampledTasks(
                names: names, examples: examples, active: active, epoch: epoch(step), epochs: epochs,
                memory: memory))
        let held = active.count { $0 }
        guard holdsEveryTask, held <= microBatches else {
            return Step(asked: asked, drawn: asked, free: asked, freeMicroBatches: microBatches)
        }
        let least = 1 / Double(microBatches)
        let drawn = Self.raised(asked, active, least: least)
        let free = microBatches - held
        let scale = free == 0 ? 1 : Double(microBatches) / Double(free)
        return Step(
            asked: asked, drawn: drawn,
            free: zip(drawn, active).map { $1 ? max(0, $0 - least) * scale : 0 }, freeMicroBatches: free)
    }

    /// Raises small probabilities to a least one, and scales the others so that all add up to 1.
    private static func raised(_ asked: [Double], _ active: [Bool], least: Double) -> [Double] {
        var isRaised = active.map { !$0 }
        while true {
            let others = asked.indices.filter { !isRaised[$0] }
            let rest = 1 - least * Double(zip(isRaised, active).count { $0 && $1 })
            let sum = others.reduce(0) { $0 + asked[$1] }
            func scaled(_ task: Int) -> Double { sum > 0 ? asked[task] / sum * rest : least }
            let small = others.filter { scaled($0) < least }
            if small.isEmpty || small.count == others.count {
                return asked.indices.map { task in
                    if !active[task] { return 0 }
                    return isRaised[task] || !small.isEmpty ? least : scaled(task)
                }
            }
            for task in small { isRaised[task] = true }
        }
    }

    private func epoch(_ step: Int) -> Int { Int(Double(step) / stepsPerEpoch) }

    /// The number of draws, beginning with draw `number` of a step, in which a task becomes due an amount,
    /// given the probabilities of this and later epochs, if no task stops.
    func draws(
        _ amount: Double, task: Int, from step: Int, draw number: Int, _ now: Step, active: [Bool],
        _ memory: SamplerMemory
    ) -> Double {
        var (left, past, step, probability) = (amount, 0.0, step, now.free[task])
        var begun = number
        while type(of: sampler).changesByEpoch, epoch(step) < epochs - 1 {
            let next = firstStep(after: step)
            let draws = Double((next - step) * now.freeMicroBatches - begun)
            let needed = TaskQuota.draws(left, probability)
            if needed <= draws { return past + needed }
            (left, past, step, begun) = (left - probability * draws, past + draws, next, 0)
            probability = self.step(next, active: active, memory).free[task]
        }
        return past + TaskQuota.draws(left, probability)
    }

    /// The first step of a later epoch.
    private func firstStep(after step: Int) -> Int {
        let epoch = epoch(step)
        var first = max(step + 1, Int((Double(epoch + 1) * stepsPerEpoch).rounded(.up)))
        while first - 1 > step, self.epoch(first - 1) > epoch { first -= 1 }
        while self.epoch(first) <= epoch { first += 1 }
        return first
    }
}
