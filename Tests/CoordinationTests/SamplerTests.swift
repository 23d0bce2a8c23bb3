import Coordination
import Diagnostics
import Formats
import Foundation
import Sampling
import Studies
import TestSupport
import Testing

@Suite("Samplers and plans")
struct SamplerTests {
    static let sizes = [("large", 4000), ("medium", 500), ("small", 100)]

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The section `sampler`.
        let section: JSONValue
        /// Weights proportional to the probabilities of the three tasks in the first and the last of 5
        /// epochs.
        let first: [Double]
        let last: [Double]

        init(_ name: String, _ section: JSONValue, _ first: [Double], last: [Double]? = nil) {
            (testDescription, self.section, self.first) = (name, section, first)
            self.last = last ?? first
        }

        func settings(_ draw: String = "quota") throws -> SamplerSettings {
            try SamplerTests.settings(.object((section.object ?? []) + [("draw", .string(draw))]))
        }
    }

    static let cases = [
        Case("uniform", ["name": "uniform"], [1, 1, 1]),
        Case("roundrobin", ["name": "roundrobin"], [1, 1, 1]),
        Case("proportional", ["name": "proportional"], [4000, 500, 100]),
        Case(
            "temperature 2", ["name": "temperature", "temperature": 2], [pow(4000, 0.5), pow(500, 0.5), 10]),
        Case(
            "temperature 10, capped", ["name": "temperature", "temperature": 10, "cap": 500],
            [pow(500, 0.1), pow(500, 0.1), pow(100, 0.1)]),
        Case(
            "temperature 1, capped", ["name": "temperature", "temperature": 1, "cap": 300], [300, 300, 100]),
        Case(
            "annealed", ["name": "annealed"], [4000, 500, 100],
            last: [pow(4000, 0.2), pow(500, 0.2), pow(100, 0.2)]),
        Case(
            "weighted", ["name": "weighted", "weights": ["large": 1, "medium": 0.5, "small": 2.5]],
            [1, 0.5, 2.5]),
        Case("temperature near 0", ["name": "temperature", "temperature": 1e-5], [1, 0, 0]),
        Case(
            "huge weights",
            ["name": "weighted", "weights": ["large": 1.7e308, "medium": 1.7e308, "small": 1.7e308]],
            [1, 1, 1]),
    ]

    /// The settings of a section `sampler`, as a study reads them.
    static func settings(_ section: JSONValue) throws -> SamplerSettings {
        try JSONDecoder().decode(SamplerSettings.self, from: Data(section.encoded().utf8))
    }

    private static func settings(_ name: String, draw: String = "quota") throws -> SamplerSettings {
        try settings(["name": .string(name), "draw": .string(draw)])
    }

    private func probabilities(
        _ settings: SamplerSettings, active: [Bool] = [true, true, true], epoch: Int, epochs: Int = 5
    ) -> [Double] {
        settings.sampler.probabilities(
            SampledTasks(
                names: Self.sizes.map(\.0), examples: Self.sizes.map(\.1), active: active, epoch: epoch,
                epochs: epochs))
    }

    private func normalized(_ shares: [Double]) -> [Double] {
        shares.map { $0 / shares.reduce(0, +) }
    }

    @Test("Probabilities follow the formula, and add up to 1 over the active tasks", arguments: cases)
    func formulas(_ test: Case) throws {
        let settings = try test.settings()
        for (epoch, expected) in [(0, test.first), (4, test.last), (9, test.last)] {
            let found = probabilities(settings, epoch: epoch)
            #expect(
                mismatch(found, normalized(expected), Tolerance(absolute: 1e-12), "epoch \(epoch)") == nil)
        }
        let rest = probabilities(settings, active: [true, false, true], epoch: 0)
        let expected = normalized([test.first[0], 0, test.first[2]])
        #expect(mismatch(rest, expected, Tolerance(absolute: 1e-12)) == nil)
    }

    @Test("Annealing goes from α = 1 to 0.2 in even steps, and stays at 1 in a single epoch")
    func annealing() throws {
        let annealed = try Self.settings("annealed")
        let proportional = try Self.settings("proportional")
        for (epoch, alpha) in [1, 0.8, 0.6, 0.4, 0.2].enumerated() {
            let expected = normalized(Self.sizes.map { pow(Double($0.1), alpha) })
            #expect(
                mismatch(
                    probabilities(annealed, epoch: epoch), expected,
                    Tolerance(absolute: 1e-12)) == nil)
        }
        #expect(
            probabilities(annealed, epoch: 0, epochs: 1)
                == probabilities(proportional, epoch: 0))
    }

    // MARK: Plans

    private func planner(
        _ sampler: SamplerSettings = SamplerSettings(), sizes: [Int] = [40, 7, 13], examples: Int = 16,
        microBatch: Int = 4, seed: UInt64 = 5, stage: Int = 0, steps: Int = 100,
        tokens: any TokenCounts = EqualTokens()
    ) -> Planner {
        Planner(
            seed: seed, batch: BatchSettings(examples: examples, microBatch: microBatch), sampler: sampler,
            tasks: zip(["large", "medium", "small"], sizes).map { ($0, Array(100..<100 + $1)) }, stage: stage,
            steps: steps, tokens: tokens)
    }

    @Test(
        "The examples of a stage are predicted without its plans",
        arguments: [(0, 3), (2, 9), (5, 100), (7, 100)])
    func ahead(from step: Int, steps: Int) throws {
        let samplers = try ["proportional", "uniform", "roundrobin", "annealed"].flatMap { name in
            try ["quota", "random"].map { try Self.settings(name, draw: $0) }
        }
        for sampler in samplers {
            for active in [[true, true, true], [true, false, true]] {
                let own = planner(sampler, sizes: [400, 7, 13], steps: steps)
                var (state, needed) = (PlannerState(tasks: 3), [Set<Int>](repeating: [], count: 3))
                for before in 0..<step {
                    state = own.draw(Draw.Key(step: before, active: active, state)).after
                }
                let found = own.examples(from: Draw.Key(step: step, active: active, state))
                for later in step..<steps {
                    let draw = own.draw(Draw.Key(step: later, active: active, state))
                    for microBatch in draw.plan.microBatches {
                        needed[microBatch.task].formUnion(microBatch.examples)
                    }
                    state = draw.after
                }
                #expect(found.map { Set($0) } == needed && found.map(\.count) == needed.map(\.count))
            }
        }
    }

    @Test("The examples of a long stage are predicted quickly")
    func farAhead() {
        let own = planner(sizes: [40_000, 7, 13], steps: 1_000_000_000)
        let found = own.examples(
            from: Draw.Key(step: 0, active: [true, true, true], PlannerState(tasks: 3)))
        #expect(found.map(\.count) == [40_000, 7, 13])
    }

    @Test("Large steps are balanced quickly, with full micro-batches")
    func levellingLargeSteps() {
        let own = planner(sizes: [70_000, 7, 13], examples: 65_536, microBatch: 1, tokens: TokensModulo97())
        let plan = own.draw(
            Draw.Key(step: 0, active: [true, false, false], PlannerState(tasks: 3))
        ).plan
        #expect(plan.microBatches.count == 65_536 && plan.microBatches.allSatisfy { $0.examples.count == 1 })
        // With 1 example each, the longest come first.
        #expect(plan.microBatches.first?.examples.allSatisfy { $0 % 97 == 96 } == true)
    }

    private func plans(_ planner: Planner, _ steps: Int, active: [Bool] = [true, true, true])
        -> (plans: [StepPlan], after: PlannerState)
    {
        var (state, plans) = (PlannerState(tasks: 3), [StepPlan]())
        for step in 0..<steps {
            let draw = planner.draw(Draw.Key(step: step, active: active, state))
            plans.append(draw.plan)
            state = draw.after
        }
        return (plans, state)
    }

    @Test(
        "Over many independent draws each task has its share",
        arguments: cases.filter { $0.testDescription != "annealed" })
    func shares(_ test: Case) throws {
        let steps = 2000
        let (plans, after) = plans(
            planner(try test.settings("random"), sizes: Self.sizes.map(\.1), steps: steps), steps)
        let drawn = plans.flatMap(\.microBatches)
        #expect(drawn.count == after.microBatches && after.microBatches == steps * 4)
        let expected = normalized(test.first)
        for task in 0..<3 {
            let realised = Double(drawn.count { $0.task == task }) / Double(drawn.count)
            // Five standard deviations of a share over 8000 draws.
            #expect(
                abs(realised - expected[task]) <= 5
                    * (expected[task] * (1 - expected[task]) / 8000).squareRoot() + 1e-3)
            #expect(abs(after.requested[task] / Double(drawn.count) - expected[task]) < 1e-9)
        }
    }

    @Test("Independent draws are those of the first version, to the bit")
    func unchanged() throws {
        let settings = try Self.settings(["name": "temperature", "temperature": 2, "draw": "random"])
        let drawn = plans(planner(settings), 6).plans.flatMap(\.microBatches)
        #expect(
            drawn.map(\.task) == [2, 2, 1, 0, 2, 0, 1, 0, 0, 0, 0, 2, 1, 0, 2, 0, 2, 1, 0, 0, 2, 1, 2, 0])
    }

    @Test("Round robin takes the active tasks strictly in turn", arguments: ["quota", "random"])
    func roundRobin(_ draw: String) throws {
        let settings = try Self.settings("roundrobin", draw: draw)
        let all = plans(planner(settings), 6).plans.flatMap(\.microBatches).map(\.task)
        #expect(all == (0..<24).map { $0 % 3 })
        let two = plans(planner(settings), 3, active: [true, false, true]).plans
        #expect(two.flatMap(\.microBatches).map(\.task) == (0..<12).map { [0, 2][$0 % 2] })
    }

    @Test("An inactive task is never drawn", arguments: cases, ["quota", "random"])
    func inactive(_ test: Case, _ draw: String) throws {
        for active in [[false, true, true], [true, false, false], [false, false, true]] {
            let (plans, after) = plans(planner(try test.settings(draw)), 50, active: active)
            #expect(plans.flatMap(\.microBatches).allSatisfy { active[$0.task] })
            #expect(zip(after.positions, active).allSatisfy { $1 || $0 == 0 })
        }
    }

    @Test("A step's micro-batches of one task have even numbers of tokens and all drawn examples")
    func balancedUnits() {
        let tokens = UnorderedTokens()
        let drawn = plans(planner(examples: 32, microBatch: 8), 40).plans
        let balanced = plans(planner(examples: 32, microBatch: 8, tokens: tokens), 40).plans
        for (drawn, balanced) in zip(drawn, balanced) {
            #expect(drawn.microBatches.map(\.task) == balanced.microBatches.map(\.task))
            #expect(drawn.microBatches.map(\.examples.count) == balanced.microBatches.map(\.examples.count))
            for task in drawn.tasks {
                let (before, after) = (
                    drawn.microBatches.filter { $0.task == task },
                    balanced.microBatches.filter { $0.task == task }
                )
                #expect(before.flatMap(\.examples).sorted() == after.flatMap(\.examples).sorted())
                let costs = after.map {
                    $0.examples.reduce(0) { $0 + tokens.tokens(task: task, example: $1) }
                }
                let mean = Double(costs.reduce(0, +)) / Double(costs.count)
                #expect(costs.allSatisfy { abs(Double($0) - mean) <= 30 }, "\(costs)")
            }
        }
    }

    @Test(
        "Every epoch of a task visits each example once, even if a micro-batch spans two epochs"
    )
    func epochs() throws {
        let uniform = try Self.settings("uniform")
        // 7 examples in micro-batches of 4, and in micro-batches longer than the epoch.
        for size in [4, 16] {
            // A step of one micro-batch keeps the order in which its examples were drawn.
            let drawn = plans(planner(uniform, examples: size, microBatch: size), 240).plans
                .flatMap(\.microBatches)
            for (task, size) in [40, 7, 13].enumerated() {
                let stream = drawn.filter { $0.task == task }.flatMap(\.examples)
                var orders: Set<[Int]> = []
                for start in stride(from: 0, through: stream.count - size, by: size) {
                    let epoch = Array(stream[start..<start + size])
                    #expect(epoch.sorted() == Array(100..<100 + size))
                    orders.insert(epoch)
                }
                #expect(stream.count > 2 * size && orders.count > 1, "several epochs, in several orders")
            }
        }
    }

    @Test("A step has exactly its examples; the last micro-batch has the remainder")
    func sizes() {
        for plan in plans(planner(examples: 11, microBatch: 4), 20).plans {
            #expect(plan.microBatches.map(\.examples.count) == [4, 4, 3] && plan.examples == 11)
            #expect(plan.tasks == Array(Set(plan.microBatches.map(\.task))).sorted())
        }
    }

    @Test("A plan is a function of seed, stage, step and state, not of the planner's earlier draws")
    func pure() throws {
        let settings = try Self.settings(["name": "temperature", "temperature": 2, "draw": "random"])
        let planner = planner(settings)
        let (first, _) = plans(planner, 30)
        var state = PlannerState(tasks: 3)
        for step in 0..<30 {
            // A fresh planner, as after resuming, and the used one, out of order.
            let fresh = self.planner(settings)
            let key = Draw.Key(step: step, active: [true, true, true], state)
            let draw = fresh.draw(key)
            #expect(draw.plan == first[step])
            #expect(planner.draw(key) == draw)
            state = draw.after
        }
        for other in [self.planner(settings, seed: 6), self.planner(settings, stage: 1)] {
            #expect(plans(other, 5).plans != plans(self.planner(settings), 5).plans)
        }
    }

    // MARK: Assignment

    @Test("Work is assigned evenly and reproducibly")
    func assigning() {
        let costs = (0..<40).map { Double(($0 * 37) % 41) + 1 }
        for ranks in [[0], [0, 1], [1, 2, 3], [0, 1, 2, 3, 4, 5, 6]] {
            let owners = assign(costs: costs, to: ranks)
            #expect(owners == assign(costs: costs, to: ranks))
            #expect(Set(owners) == Set(ranks))
            let loads = ranks.map { rank in zip(costs, owners).reduce(0) { $0 + ($1.1 == rank ? $1.0 : 0) } }
            // Assigned in order of falling cost, the loads here differ by at most one of the smallest costs.
            #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= (costs.max() ?? 0) / 2)
        }
        #expect(assign(costs: [1, 1, 1, 1], to: [0, 1]) == [0, 1, 0, 1], "equal costs go in turn")
        #expect(assign(costs: [1, 9, 5, 4], to: [0, 1]) == [0, 0, 1, 1])
        #expect(assign(costs: [], to: [0, 1]) == [])
    }
}

private struct EqualTokens: TokenCounts {
    func tokens(task: Int, example: Int) -> Int { 1 }
}

private struct TokensModulo97: TokenCounts {
    func tokens(task: Int, example: Int) -> Int { example % 97 }
}

/// Lengths from 5 to 60 in no order.
private struct UnorderedTokens: TokenCounts {
    func tokens(task: Int, example: Int) -> Int { 5 + (example * 37 + task) % 56 }
}
