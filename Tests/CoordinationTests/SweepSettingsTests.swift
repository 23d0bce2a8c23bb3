import Diagnostics
import Formats
import Foundation
import Studies
import Testing

/// The trials and rungs that follow from a sweep file, and the choice among trials.
@Suite("Sweep files")
struct SweepSettingsTests {
    private func settings(_ more: [(String, JSONValue)] = []) throws -> SweepSettings {
        let standard: [(String, JSONValue)] = [
            ("base", "study.yaml"),
            (
                "parameters",
                [
                    "adapter.method": ["values": ["hadamard", "lora"]],
                    "batch.examples": ["integers": [8, 10]],
                ]
            ),
        ]
        let own = standard.filter { entry in !more.contains { $0.0 == entry.0 } } + more
        return try JSONValue.object(own).decoded(as: SweepSettings.self, from: "sweep.yaml")
    }

    @Test("A grid has every combination, in the file's order")
    func grid() throws {
        let trials = try settings().trials
        #expect(
            trials.map(\.text) == [
                "adapter.method=hadamard batch.examples=8", "adapter.method=hadamard batch.examples=9",
                "adapter.method=hadamard batch.examples=10", "adapter.method=lora batch.examples=8",
                "adapter.method=lora batch.examples=9", "adapter.method=lora batch.examples=10",
            ])
        let fresh = [("batch.examples", "32"), ("seed", "2")].map(Trial.Setting.init)
        #expect(trials[0].text(changedBy: fresh) == "adapter.method=hadamard batch.examples=32 seed=2")
        #expect(trials.map(\.number) == Array(1...6))
        #expect(try settings().rungs == [Rung(steps: nil, survivors: 1)])
    }

    @Test("A value may be a whole section, and text that is not plain is quoted")
    func sections() throws {
        let parameters: JSONValue = [
            "adapter": ["values": [["method": "lora", "rank": 4], "bitfit"]],
            "data": ["values": ["a: b"]], "adapter.layers": ["values": [[0, 2], "1-2"]],
            "stages.adapter.steps": ["values": [.null]], "sharing": ["values": [["a: b": "all"]]],
        ]
        let trials = try settings([("parameters", parameters)]).trials
        #expect(
            trials[0].settings.map(\.change) == [
                "adapter={method: lora, rank: 4}", "data=\"a: b\"", "adapter.layers=[0, 2]",
                "stages.adapter.steps=null", "sharing={\"a: b\": all}",
            ])
    }

    @Test("A trial's folder is named after the values in which trials differ")
    func folders() throws {
        let parameters: JSONValue = [
            "stages.adapter.steps": ["values": [160]], "adapter": ["values": [["method": "lora"], "bitfit"]],
            "batch.examples": ["integers": [8, 9]],
        ]
        let trials = try settings([("parameters", parameters)]).trials
        #expect(
            trials.map(\.folder) == [
                "001-method-lora-8", "002-method-lora-9", "003-bitfit-8", "004-bitfit-9",
            ])
        #expect(trials[0].settings.map(\.key).contains("stages.adapter.steps"))
        let alone = try settings([("parameters", ["batch.examples": ["values": [8]]])]).trials
        #expect(alone.map(\.folder) == ["001"])
    }

    @Test("A random search's values lie in their ranges and follow from seed, key and trial alone")
    func random() throws {
        let parameters: JSONValue = [
            "a": ["logUniform": [1e-4, 1e-1]], "b": ["uniform": [-1, 1]], "c": ["integers": [3, 5]],
            "d": ["values": ["x", "y"]],
        ]
        func trials(_ count: Int, seed: Int = 7, _ parameters: JSONValue = parameters) throws -> [Trial] {
            try settings([
                ("search", ["method": "random", "trials": .integer(count), "seed": .integer(seed)]),
                ("parameters", parameters),
            ]).trials
        }
        let many = try trials(400)
        let rates = many.compactMap { $0.value(of: "a").flatMap { Double($0) } }
        #expect(rates.count == 400 && rates.allSatisfy { (1e-4...1e-1).contains($0) })
        // A third of the logarithms, to within four deviations of a binomial count.
        let low = rates.count { $0 < 1e-3 }
        #expect(abs(Double(low) - 400.0 / 3) < 4 * (400.0 * 2 / 9).squareRoot())
        #expect(Set(many.compactMap { $0.value(of: "c") }) == ["3", "4", "5"])
        #expect(Set(many.compactMap { $0.value(of: "d") }) == ["x", "y"])
        #expect(
            many.allSatisfy {
                ($0.value(of: "b").flatMap { Double($0) }).map { (-1...1).contains($0) } == true
            })
        #expect(try trials(10) == Array(many.prefix(10)))
        #expect(try trials(10, seed: 8) != Array(many.prefix(10)))
        // Another key changes nothing for this one.
        let alone = try trials(10, seed: 7, ["a": ["logUniform": [1e-4, 1e-1]]])
        #expect(alone.map { $0.value(of: "a") } == many.prefix(10).map { $0.value(of: "a") })
    }

    @Test("Halving keeps a share of the trials at each rung, and never fewer than are wanted")
    func rungs() throws {
        func rungs(_ trials: Int, _ factor: Int, best: Int) throws -> [Rung] {
            try settings([
                (
                    "search",
                    [
                        "method": "halving", "trials": .integer(trials), "factor": .integer(factor),
                        "first": 10,
                    ]
                ), ("then", ["best": .integer(best), "seeds": [11]]),
            ]).rungs
        }
        #expect(
            try rungs(9, 3, best: 1) == [
                Rung(steps: 10, survivors: 3), Rung(steps: 30, survivors: 1), Rung(steps: nil, survivors: 1),
            ])
        #expect(
            try rungs(10, 2, best: 3) == [
                Rung(steps: 10, survivors: 5), Rung(steps: 20, survivors: 3), Rung(steps: nil, survivors: 3),
            ])
        #expect(try rungs(2, 3, best: 2) == [Rung(steps: nil, survivors: 2)])
    }

    @Test("The higher score wins, of equals the earlier trial; a score that is not a number never does")
    func ranking() {
        #expect(SweepSettings.ranked([3: 0.5, 1: 0.5, 2: 0.7, 4: .nan, 5: -1]) == [2, 1, 3, 5])
    }

    @Test("Winners are the best of all, or of each value of a parameter")
    func winners() throws {
        func winners(_ then: JSONValue) throws -> [Int] {
            let settings = try settings([("then", then)])
            return settings.winners([5, 2, 6, 1, 3, 4], among: settings.trials)
        }
        #expect(try winners(["best": 2, "seeds": [11]]) == [5, 2])
        #expect(try winners(["best": 1, "per": "adapter.method", "seeds": [11]]) == [2, 5])
        #expect(try winners(["best": 2, "per": "batch.examples", "seeds": [11]]) == [1, 4, 5, 2, 6, 3])
    }

    @Test("Random trials with equal values win once")
    func equalWinners() throws {
        let settings = try settings([
            ("search", ["method": "random", "trials": 6]),
            ("parameters", ["batch.examples": ["values": [8]], "adapter.method": ["values": ["lora"]]]),
            ("then", ["best": 2, "seeds": [11]]),
        ])
        #expect(Set(settings.trials.map(\.text)).count == 1)
        #expect(settings.winners([3, 1, 2], among: settings.trials) == [3])
    }

    @Test("The metric is a task's score or the mean of all, and none if a task has no score")
    func metric() {
        let tasks = ["a", "b"]
        #expect(SweepMetric().value([0.5, 1], of: tasks) == 0.75)
        #expect(SweepMetric().value([0.5, nil], of: tasks) == nil)
        #expect(SweepMetric(score: "a").value([0.5, nil], of: tasks) == 0.5)
        #expect(SweepMetric(score: "b").value([0.5, nil], of: tasks) == nil)
    }
}
