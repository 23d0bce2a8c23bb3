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
    /// A block's parameters, with moments of each owner: of all tasks, or of one.
    private struct Replayed {
        private struct Moments {
            var first, second: [Double]
            var time = 0.0
        }

        var values: [Double]
        private var moments: [Int?: Moments] = [:]

        init(_ initial: [Float]) { values = initial.map { Double($0) } }

        /// The most steps of an owner.
        var time: Double { moments.values.map(\.time).max() ?? 0 }

        mutating func decay(rate: Double, by decay: Double) {
            for i in values.indices { values[i] -= rate * decay * values[i] }
        }

        mutating func step(_ gradient: [Double], of owner: Int?, rate: Double) {
            let zeros = [Double](repeating: 0, count: values.count)
            var own = moments[owner] ?? Moments(first: zeros, second: zeros)
            own.time += 1
            for i in values.indices {
                own.first[i] = 0.9 * own.first[i] + 0.1 * gradient[i]
                own.second[i] = 0.999 * own.second[i] + 0.001 * gradient[i] * gradient[i]
                let m = own.first[i] / (1 - pow(0.9, own.time))
                let v = own.second[i] / (1 - pow(0.999, own.time))
                values[i] -= rate * m / (v.squareRoot() + 1e-8)
            }
            moments[owner] = own
        }
    }

    static let rates: [ParameterKind: Double] = [.weight: 0.02, .bias: 0.01, .norm: 0.005, .head: 0.03]
    static let steps = 9

    /// Steps with two of the three tasks, owners of every kind, and a rate for each kind of parameter.
    static func changes(
        clip: Double, decayBiasAndNorm: Bool, moments: OptimizerSettings.MomentsOwner = .shared
    ) -> [String: JSONValue] {
        [
            "stages.head.steps": 0, "stages.adapter.steps": .integer(steps),
            "stages.adapter.learningRate": .object(rates.map { ($0.key.rawValue, .number($0.value)) }),
            "batch": ["examples": 4, "microBatch": 2], "sampler": ["name": "roundrobin"],
            "sharing": ["weight": "private", "bias": "groups", "groups": ["texts": ["size", "colour"]]],
            "optimizer": [
                "weightDecay": 0.3, "clip": .number(clip), "decayBiasAndNorm": .bool(decayBiasAndNorm),
                "moments": .string(moments.rawValue),
            ], "debug": ["dumpGradients": .integer(steps)], "evaluation.every": 0,
        ]
    }

    @Test(
        "Every recorded state follows from the previous state and its gradients",
        arguments: [
            (0.5, false, OptimizerSettings.MomentsOwner.shared), (0, true, .shared), (0.5, true, .perTask),
        ])
    func replay(clip: Double, decayBiasAndNorm: Bool, moments: OptimizerSettings.MomentsOwner) throws {
        let folder = try TemporaryFolder()
        let study = try TinyStudy(
            Self.changes(clip: clip, decayBiasAndNorm: decayBiasAndNorm, moments: moments))
        let (store, names) = (study.context.store, study.context.names)
        let run = try study.train(ranks: 2, into: folder)
        var replayed = store.blocks.map { Replayed($0.slice.initial) }
        #expect(run.steps.count == Self.steps)
        for (index, report) in run.steps.enumerated() {
            let file = try SafetensorsFile(path: folder.file("reference/step-\(report.step).safetensors"))
            // For each block, the gradient of each of its tasks in the step.
            var gradients: [Int: [Int: [Double]]] = [:]
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
                    gradients[block, default: [:]][task] = gradient
                }
            }
            let sums = gradients.mapValues { parts in
                parts.values.reduce([Double](repeating: 0, count: parts.values.first?.count ?? 0)) {
                    zip($0, $1).map(+)
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
                let rate = (Self.rates[slice.kind] ?? .nan) * multiplier
                let isPerTask = moments == .perTask && store.blocks[block].tasks.count > 1
                replayed[block].decay(rate: rate, by: decays ? 0.3 : 0)
                for (owner, part) in isPerTask ? gradients[block] ?? [:] : [:] {
                    replayed[block].step(part.map { $0 * scale }, of: owner, rate: rate)
                }
                if !isPerTask { replayed[block].step(sum.map { $0 * scale }, of: nil, rate: rate) }
            }
        }
        #expect(
            moments == .perTask || Set(replayed.map(\.time)).count > 1,
            "blocks of tasks that take turns are stepped less often")
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
