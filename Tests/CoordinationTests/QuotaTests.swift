import Coordination
import Diagnostics
import Formats
import Foundation
import Sampling
import Studies
import TestSupport
import Testing

/// Drawing by quota: the micro-batches that a task has had against those that it was due.
@Suite("Drawing by quota")
struct QuotaTests {
    private struct EqualTokens: TokenCounts {
        func tokens(task: Int, example: Int) -> Int { 1 }
    }

    private func planner(
        _ sampler: JSONValue, sizes: [Int], examples: Int = 8, microBatch: Int = 2, steps: Int = 500,
        holdsEveryTask: Bool = false
    ) throws -> Planner {
        Planner(
            seed: 5, batch: BatchSettings(examples: examples, microBatch: microBatch),
            sampler: try SamplerTests.settings(sampler),
            tasks: sizes.indices.map { ("t\($0)", Array(0..<sizes[$0])) }, stage: 0, steps: steps,
            holdsEveryTask: holdsEveryTask, tokens: EqualTokens())
    }

    /// Numbers from 0 to 1 that no run repeats by chance, but every run repeats.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
        mutating func number() -> Double { Double.random(in: 0...1, using: &self) }
    }

    /// By task, the largest number of micro-batches by which it was ahead of, and behind, the sum of its
    /// probabilities after any draw.
    private struct Deviations {
        var (ahead, behind) = (0.0, 0.0)
        private var had: [Double], due: [Double]

        init(tasks: Int) {
            had = [Double](repeating: 0, count: tasks)
            due = had
        }

        mutating func add(_ task: Int, _ probabilities: [Double]) {
            had[task] += 1
            for (index, probability) in probabilities.enumerated() { due[index] += probability }
            for (had, due) in zip(had, due) {
                ahead = max(ahead, had - due)
                behind = max(behind, due - had)
            }
        }

        /// The task that is behind most.
        var last: Int { had.indices.max { due[$0] - had[$0] < due[$1] - had[$1] } ?? 0 }
    }

    @Test(
        "With constant probabilities each task is within one micro-batch after each draw", arguments: 1...40)
    func constant(_ seed: Int) throws {
        var numbers = Numbers(state: UInt64(seed))
        let count = 1 + seed % 12
        // Shares of 1 : 1 up to 1 : 10,000.
        let weights = (0..<count).map { _ in pow(10, 4 * numbers.number() * Double(seed % 3) / 2) }
        let sampler: JSONValue = [
            "name": "weighted",
            "weights": .object(weights.enumerated().map { ("t\($0)", .number($1)) }),
        ]
        let planner = try planner(sampler, sizes: weights.map { _ in 50 })
        let probabilities = weights.map { $0 / weights.reduce(0, +) }
        var state = PlannerState(tasks: count)
        var deviations = Deviations(tasks: count)
        for step in 0..<500 {
            let draw = planner.draw(Draw.Key(step: step, active: weights.map { _ in true }, state))
            for microBatch in draw.plan.microBatches { deviations.add(microBatch.task, probabilities) }
            #expect(mismatch(draw.probabilities, probabilities, Tolerance(absolute: 1e-12)) == nil)
            state = draw.after
        }
        #expect(deviations.ahead < 1 + 1e-6 && deviations.behind < 1 + 1e-6, "\(deviations)")
    }

    @Test("So it is with annealed probabilities, which change from epoch to epoch", arguments: [3, 8, 15])
    func annealed(_ count: Int) throws {
        let sizes = (0..<count).map { 3 + $0 * $0 * 7 }
        for epochs in [2, 5, 30] {
            let steps = epochs * sizes.reduce(0, +) / 8
            let planner = try planner(["name": "annealed"], sizes: sizes, steps: steps)
            var state = PlannerState(tasks: count)
            var deviations = Deviations(tasks: count)
            for step in 0..<steps {
                let draw = planner.draw(Draw.Key(step: step, active: sizes.map { _ in true }, state))
                for microBatch in draw.plan.microBatches {
                    deviations.add(microBatch.task, draw.probabilities)
                }
                state = draw.after
            }
            #expect(deviations.ahead < 1 + 1e-6 && deviations.behind < 1 + 1e-6, "\(deviations)")
        }
    }

    @Test(
        "If shares change unforeseen, a task is behind by less than 1 + 1/2 + … + 1/(T − 1)",
        arguments: 2...12)
    func unforeseen(_ count: Int) throws {
        let bound = (1..<count).reduce(0) { $0 + 1 / Double($1) }
        for seed in 0..<30 {
            var numbers = Numbers(state: UInt64(seed))
            let names = (0..<count).map { "t\($0)" }
            let sampler: JSONValue = [
                "name": "gap", "reference": .object(names.map { ($0, .number(0)) }),
            ]
            // A step of one micro-batch, so that shares change with every draw.
            let planner = try planner(sampler, sizes: names.map { _ in 50 }, examples: 2)
            var state = PlannerState(tasks: count, try SamplerTests.settings(sampler).sampler)
            var deviations = Deviations(tasks: count)
            var left = Set(0..<count)
            for step in 0..<400 {
                // The scores are the shares: at random, on few tasks, or on those without a draw of late.
                let scores = (0..<count).map { task -> Double in
                    switch seed % 3 {
                    case 0: return numbers.number()
                    case 1: return pow(numbers.number(), 20)
                    default: return left.contains(task) ? 1 : 0
                    }
                }
                state.memory.rows = [scores, names.map { _ in 1 }]
                let draw = planner.draw(Draw.Key(step: step, active: names.map { _ in true }, state))
                for microBatch in draw.plan.microBatches {
                    deviations.add(microBatch.task, draw.probabilities)
                    left.remove(microBatch.task)
                    if left.isEmpty { left = Set(0..<count) }
                }
                state = draw.after
            }
            #expect(deviations.ahead < 1 + 1e-6 && deviations.behind < bound + 1e-6, "\(seed): \(deviations)")
        }
    }

    @Test("When a task stops, the others keep their quotas, and it keeps what it had", arguments: 2...9)
    func stopping(_ count: Int) throws {
        for stopped in 1..<count {
            let planner = try planner(["name": "uniform"], sizes: (0..<count).map { _ in 50 }, examples: 2)
            var state = PlannerState(tasks: count)
            var deviations = Deviations(tasks: count)
            for step in 0..<300 {
                let active = (0..<count).map { $0 >= stopped || step < 40 + 7 * $0 }
                let draw = planner.draw(Draw.Key(step: step, active: active, state))
                #expect(draw.plan.tasks.allSatisfy { active[$0] })
                for microBatch in draw.plan.microBatches {
                    deviations.add(microBatch.task, draw.probabilities)
                }
                state = draw.after
            }
            let bound = (1..<count).reduce(0) { $0 + 1 / Double($1) }
            #expect(deviations.behind < bound + 1e-6 && deviations.ahead < bound + 1, "\(deviations)")
            if count <= 3 { #expect(deviations.behind < 1 + 1e-6 && deviations.ahead < 1 + 1e-6) }
        }
    }

    @Test("The draws of a task are spread: with the share p, the next is at most 2/p away, rounded up")
    func spread() throws {
        let planner = try planner(
            ["name": "weighted", "weights": ["t0": 6, "t1": 3, "t2": 1]], sizes: [50, 50, 50])
        var (state, tasks) = (PlannerState(tasks: 3), [Int]())
        for step in 0..<100 {
            let draw = planner.draw(Draw.Key(step: step, active: [true, true, true], state))
            tasks += draw.plan.microBatches.map(\.task)
            state = draw.after
        }
        for (task, share) in [0.6, 0.3, 0.1].enumerated() {
            let places = tasks.indices.filter { tasks[$0] == task }
            let gaps = zip(places.dropFirst(), places).map { Double($0 - $1) }
            #expect(gaps.allSatisfy { $0 <= (2 / share).rounded(.up) })
        }
    }

    @Test("A smaller last micro-batch goes round, so that tasks have their shares of examples")
    func remainders() throws {
        let planner = try planner(["name": "uniform"], sizes: [50, 50, 50], examples: 11, microBatch: 4)
        var state = PlannerState(tasks: 3)
        for step in 0..<300 {
            let draw = planner.draw(Draw.Key(step: step, active: [true, true, true], state))
            #expect(draw.plan.microBatches.map(\.examples.count) == [4, 4, 3])
            state = draw.after
            let due = Double(11 * (step + 1)) / 3
            #expect(state.positions.allSatisfy { abs(Double($0) - due) < 4 }, "\(step): \(state.positions)")
        }
    }

    @Test("If every step holds every task, what is left over follows the shares", arguments: [4, 5, 9])
    func everyTask(_ microBatches: Int) throws {
        let weights = [100.0, 10, 2, 1]
        let planner = try planner(
            ["name": "weighted", "weights": .object(weights.enumerated().map { ("t\($0)", .number($1)) })],
            sizes: [50, 50, 50, 50], examples: 2 * microBatches, holdsEveryTask: true)
        var (state, had) = (PlannerState(tasks: 4), [0.0, 0, 0, 0])
        for step in 0..<300 {
            let active = [true, true, true, step < 200]
            let draw = planner.draw(Draw.Key(step: step, active: active, state))
            #expect(draw.plan.tasks == active.indices.filter { active[$0] })
            for microBatch in draw.plan.microBatches { had[microBatch.task] += 1 }
            state = draw.after
            let least = 1 / Double(microBatches)
            #expect(abs(draw.probabilities.reduce(0, +) - 1) < 1e-12)
            #expect(zip(draw.probabilities, active).allSatisfy { $1 ? $0 >= least - 1e-12 : $0 == 0 })
            if step == 199 {
                for (had, probability) in zip(had, draw.probabilities) {
                    #expect(abs(had - 200 * Double(microBatches) * probability) < 1)
                }
            }
        }
        #expect(abs(state.requested[0] / Double(300 * microBatches) - 100 / 113) < 0.01)
    }

    @Test("A single task's plans are the same, however tasks are drawn")
    func oneTask() throws {
        let plans = try ["quota", "random"].map { draw in
            let planner = try planner(
                ["name": "proportional", "draw": .string(draw)], sizes: [40], examples: 11, microBatch: 4)
            var (state, plans) = (PlannerState(tasks: 1), [StepPlan]())
            for step in 0..<20 {
                let draw = planner.draw(Draw.Key(step: step, active: [true], state))
                plans.append(draw.plan)
                state = draw.after
            }
            return plans
        }
        #expect(plans[0] == plans[1])
    }

    @Test("Plans drawn before a sampler's update have another key than those after")
    func keys() throws {
        let sampler = try SamplerTests.settings(["name": "gap", "reference": ["t0": 1, "t1": 1]]).sampler
        let before = PlannerState(tasks: 2, sampler)
        var after = before
        (sampler as? any ScoreSampler)?.update(scores: [0.5, 0.9], &after.memory)
        #expect(
            Draw.Key(step: 3, active: [true, true], before) != Draw.Key(step: 3, active: [true, true], after))
    }
}
