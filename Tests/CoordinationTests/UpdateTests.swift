import Adapters
import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import TestSupport
import Testing
import Training

/// The updates of a whole run, replayed in double precision from its recorded gradients.
@Suite("The update")
struct UpdateTests {
    /// A block's parameters and moments.
    private struct Replayed {
        var values: [Double]
        var first: [Double]
        var second: [Double]
        var time = 0.0

        init(_ initial: [Float]) {
            values = initial.map { Double($0) }
            first = [Double](repeating: 0, count: initial.count)
            second = first
        }

        mutating func step(_ gradient: [Double], rate: Double, decay: Double) {
            time += 1
            for i in values.indices {
                first[i] = 0.9 * first[i] + 0.1 * gradient[i]
                second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i]
                let (m, v) = (first[i] / (1 - pow(0.9, time)), second[i] / (1 - pow(0.999, time)))
                values[i] -= rate * (decay * values[i] + m / (v.squareRoot() + 1e-8))
            }
        }
    }

    static let rates: [ParameterKind: Double] = [.weight: 0.02, .bias: 0.01, .norm: 0.005, .head: 0.03]
    static let steps = 9

    /// Steps with two of the three tasks, owners of every kind, and a rate for each kind of parameter.
    static func changes(clip: Double, decayBiasAndNorm: Bool) -> [String: JSONValue] {
        [
            "stages.head.steps": 0, "stages.adapter.steps": .integer(steps),
            "stages.adapter.learningRate": .object(rates.map { ($0.key.rawValue, .number($0.value)) }),
            "batch": ["examples": 4, "microBatch": 2], "sampler": ["name": "roundrobin"],
            "sharing": ["weight": "private", "bias": "groups", "groups": ["texts": ["size", "colour"]]],
            "optimizer": [
                "weightDecay": 0.3, "clip": .number(clip), "decayBiasAndNorm": .bool(decayBiasAndNorm),
            ], "debug": ["dumpGradients": .integer(steps)], "evaluation.every": 0,
        ]
    }

    @Test(
        "Every recorded state follows from the previous state and its gradients",
        arguments: [(0.5, false), (0, true)])
    func replay(clip: Double, decayBiasAndNorm: Bool) throws {
        let folder = try TemporaryFolder()
        let study = try TinyStudy(Self.changes(clip: clip, decayBiasAndNorm: decayBiasAndNorm))
        let (store, names) = (study.context.store, study.context.names)
        let run = try study.train(ranks: 2, into: folder)
        var replayed = store.blocks.map { Replayed($0.slice.initial) }
        #expect(run.steps.count == Self.steps)
        for (index, report) in run.steps.enumerated() {
            let file = try SafetensorsFile(path: folder.file("reference/step-\(report.step).safetensors"))
            var sums: [Int: [Double]] = [:]
            #expect(report.losses.entries.count == 2)
            for task in report.losses.names.compactMap(names.firstIndex) {
                for (slice, block) in zip(store.layouts[task].slices, store.blockOfSlice[task]) {
                    let name = "\(names[task])/\(slice.name)"
                    let found = try file.floats("parameters/\(name)").map { Double($0) }
                    // Float rounding of a few steps of up to 0.03 each.
                    #expect(
                        mismatch(found, replayed[block].values, Tolerance(absolute: 1e-5), "\(index) \(name)")
                            == nil)
                    let gradient = try file.floats("gradients/\(name)").map { Double($0) }
                    sums[block] = zip(sums[block] ?? gradient.map { _ in 0 }, gradient).map(+)
                }
            }
            let norm = sums.values.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(mismatch([report.gradientNorm], [norm], Tolerance(relative: 1e-6)) == nil)
            let scale = clip > 0 ? min(1, clip / norm) : 1
            // One step of warm-up, then down to 0.
            let multiplier = index == 0 ? 0 : Double(Self.steps - index) / Double(Self.steps - 1)
            for (block, sum) in sums {
                let slice = store.blocks[block].slice
                let decays = decayBiasAndNorm || slice.kind == .weight || HeadSlice.isMatrix(slice.name)
                replayed[block].step(
                    sum.map { $0 * scale }, rate: (Self.rates[slice.kind] ?? .nan) * multiplier,
                    decay: decays ? 0.3 : 0)
            }
        }
        #expect(Set(replayed.map(\.time)).count > 1, "blocks of tasks that take turns are stepped less often")
        let moved = zip(replayed, store.blocks).allSatisfy {
            $0.values != $1.slice.initial.map { Double($0) }
        }
        #expect(moved, "every block was trained")
    }

    @Test("A gradient is the mean over the step's examples, so parts of a batch are weighted by size")
    func meanOverExamples() throws {
        // The examples as one micro-batch and as three: the sums are equal up to rounding.
        func gradients(microBatch: Int) throws -> (Double, [Float]) {
            let folder = try TemporaryFolder()
            let run = try TinyStudy([
                "tasks": [TinyStudy.settings()["tasks"]?[0] ?? .null],
                "batch": ["examples": 7, "microBatch": .integer(microBatch)],
                "stages.head.steps": 0, "stages.adapter.steps": 1, "debug": ["dumpGradients": 1],
                "dropout": ["hidden": 0, "attention": 0], "head": ["dropout": 0],
            ]).train(into: folder)
            let file = try SafetensorsFile(path: folder.file("reference/step-1.safetensors"))
            return (
                run.steps[0].losses.values[0], try file.floats("gradients/colour/layer.0.hadamard.weight")
            )
        }
        let (whole, parts) = (try gradients(microBatch: 7), try gradients(microBatch: 3))
        #expect(mismatch([parts.0], [whole.0], Tolerance(relative: 1e-5)) == nil)
        #expect(mismatch(parts.1, whole.1, Tolerance(relative: 1e-5)) == nil)
    }
}
