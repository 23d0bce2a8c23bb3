import Adapters
import Diagnostics
import Foundation
import TestSupport
import Testing
import Training

@Suite("AdamW, clipping and learning rates")
struct OptimizerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let task: String
        let site: Hadamard.ActingSite
        let norm: TrainedNorms
        let layers: String
        let pooling: Pooling
        let clip: Double
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "heads-attention", task: "classification", site: .heads, norm: .attention, layers: "all",
            pooling: .cls, clip: 1),
        Case(
            name: "heads-both", task: "classification", site: .heads, norm: .both, layers: "all",
            pooling: .pooler, clip: 1),
        Case(
            name: "projection-output", task: "regression", site: .projection, norm: .output, layers: "0,2",
            pooling: .mean, clip: 1),
        Case(
            name: "heads-none", task: "classification", site: .heads, norm: .none, layers: "all",
            pooling: .mean, clip: 0),
    ]

    @Test("Twenty steps follow PyTorch's", arguments: cases)
    func twentySteps(_ test: Case) throws {
        let golden = try Golden("training/adamw")
        let task = try TinyTask(
            test.task, site: test.site, norm: test.norm, layers: test.layers, pooling: test.pooling)
        let rates = try golden.floats("learningRates").map { Double($0) }
        let decay = Double(try golden.floats("weightDecay")[0])
        let kinds: [ParameterKind] = [.weight, .bias, .norm, .head]
        let settings = OptimizerSettings(weightDecay: decay, clip: test.clip)
        let schedule = LearningRateSchedule(.linear, warmup: 0.06, steps: 20)
        var (values, moments) = (task.start, AdamW(count: task.layout.count))
        var (losses, norms): ([Double], [Double]) = ([], [])
        for step in 0..<20 {
            var (loss, gradient) = task.lossAndGradient(values)
            losses.append(loss / 4)
            for i in gradient.indices { gradient[i] /= 4 }
            norms.append(clip(&gradient, limit: settings.clip))
            for (slice, range) in zip(task.layout.slices, task.layout.ranges) {
                let rate = zip(kinds, rates).first { $0.0 == slice.kind }?.1 ?? .nan
                let decays = slice.kind == .weight || HeadSlice.isMatrix(slice.name)
                moments.step(
                    &values, gradient: gradient, range, time: step + 1,
                    learningRate: rate * schedule.multiplier(step), decay: decays ? decay : 0, settings)
            }
        }
        // Early steps divide a gradient by its magnitude, so an element near 0 has an error of the rate (up
        // to 5e-2) times its relative error. Losses, which average over elements, agree much better.
        let expected = try golden.floats("\(test.name).losses").map { Double($0) }
        #expect(mismatch(losses, expected, Tolerance(absolute: 1e-4)) == nil)
        let expectedNorms = try golden.floats("\(test.name).gradientNorms").map { Double($0) }
        #expect(mismatch(norms, expectedNorms, Tolerance(relative: 5e-5)) == nil)
        for slice in task.layout.slices {
            let final = try golden.floats("\(test.name).final.\(slice.name)")
            #expect(
                mismatch(task.slice(slice.name, of: values), final, Tolerance(absolute: 1e-4), slice.name)
                    == nil)
        }
    }

    @Test("Linear decay after a warm-up of two steps has PyTorch's multipliers")
    func goldenMultipliers() throws {
        let schedule = LearningRateSchedule(.linear, warmup: 0.06, steps: 20)
        let expected = try Golden("training/adamw").floats("multipliers")
        // The expected multipliers were rounded to floats.
        #expect(
            mismatch(
                (0..<20).map(schedule.multiplier), expected.map { Double($0) }, Tolerance(relative: 1e-7))
                == nil)
    }

    @Test(
        "Multipliers follow their formulas",
        arguments: [
            (.linear, 0, 4, [1, 0.75, 0.5, 0.25, 0, 0]), (.linear, 0.5, 4, [0, 0.5, 1, 0.5, 0, 0]),
            (.linear, 1, 4, [0, 0.25, 0.5, 0.75, 1]), (.linear, 0.06, 1, [1]), (.constant, 1, 1, [1]),
            (.linear, 1, 2, [0, 0.5]), (.linear, 0, 1, [1, 0]),
            (.linear, 0.1, 3, [0, 1, 0.5]), (.constant, 0, 2, [1, 1, 1]),
            (.constant, 0.4, 5, [0, 0.5, 1, 1, 1]),
            (.cosine, 0, 4, [1, 0.5 + 0.5 * 0.5.squareRoot(), 0.5, 0.5 - 0.5 * 0.5.squareRoot(), 0, 0]),
            (.cosine, 0.25, 4, [0, 1, 0.75, 0.25]),
        ] as [(LearningRateSchedule.Shape, Double, Int, [Double])])
    func multipliers(shape: LearningRateSchedule.Shape, warmup: Double, steps: Int, expected: [Double]) {
        let schedule = LearningRateSchedule(shape, warmup: warmup, steps: steps)
        #expect(
            mismatch(expected.indices.map(schedule.multiplier), expected, Tolerance(absolute: 1e-15)) == nil)
    }

    @Test(
        "Clipping bounds the norm by the limit, and leaves a smaller gradient unchanged",
        arguments: [(0, 5), (1, 1), (5, 5), (6, 5), (0.001, 0.001)] as [(Double, Double)])
    func clipping(limit: Double, norm: Double) {
        var gradient: [Float] = [3, 0, -4]
        #expect(clip(&gradient, limit: limit) == 5)
        let found = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        // 1e-6 is added to the norm that divides.
        #expect(abs(found - norm) < 1e-6 * norm)
        #expect(gradient[1] == 0 && gradient[0] * -4 == gradient[2] * 3)
    }

    @Test("A gradient of zeros stays zero")
    func clippingNothing() {
        var gradient: [Float] = [0, 0]
        #expect(clip(&gradient, limit: 1) == 0)
        #expect(gradient == [0, 0])
    }

    @Test("Only the given range changes, moments included")
    func rangeAlone() {
        var (values, moments): ([Float], AdamW) = ([1, 2, 3, 4], AdamW(count: 4))
        moments.step(
            &values, gradient: [1, 1, 1, 1], 1..<3, time: 1, learningRate: 0.1, decay: 0,
            OptimizerSettings())
        #expect(values[0] == 1 && values[3] == 4)
        // The first step is the rate times the gradient's sign.
        #expect(mismatch([values[1], values[2]], [1.9, 2.9] as [Float], Tolerance(relative: 1e-6)) == nil)
        #expect(moments.first[0] == 0 && moments.second[3] == 0 && moments.first[1] != 0)
    }

    @Test("A step proved to stay finite does, and a step that overflows is not proved to")
    func bounds() {
        let settings = OptimizerSettings()
        for rate in [1e-3, 1e20, 1e30, 1e36, 3e38] {
            for value in [1, 1e30, 3e38] as [Float] {
                for gradient in [0, 1e-30, 1, 1e20] as [Float] {
                    var (values, moments): ([Float], AdamW) = ([value], AdamW(count: 1))
                    let isSure = moments.staysFinite(
                        values, gradientsUpTo: Double(gradient), 0..<1, time: 1, learningRate: rate,
                        decay: 0.01,
                        settings)
                    moments.step(
                        &values, gradient: [gradient], 0..<1, time: 1, learningRate: rate, decay: 0.01,
                        settings)
                    if isSure { #expect(values[0].isFinite) }
                    if rate == 1e-3, value == 1, gradient < 1e20 { #expect(isSure) }
                }
            }
        }
    }

    @Test("A gradient in pieces has the norm of the whole, and its scale clips it")
    func normOfPieces() {
        let whole = (0..<200).map { Float($0) * 0.37 - 20 }
        var norm = GlobalNorm()
        norm.add(whole, count: 150)
        norm.add(Array(whole[150...]), count: 50)
        let expected = whole.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        // The scale is a Float.
        #expect(norm.value == expected && abs(Double(norm.scale(limit: 2)) * expected - 2) < 1e-6)
        #expect(norm.scale(limit: 0) == 1 && norm.scale(limit: 1e9) == 1)
    }

    @Test("Decay alone shrinks by the rate times λ")
    func decayAlone() {
        var (values, moments): ([Float], AdamW) = ([2], AdamW(count: 1))
        moments.step(
            &values, gradient: [0], 0..<1, time: 1, learningRate: 0.1, decay: 0.5, OptimizerSettings())
        #expect(values == [Float(1 - 0.1 * 0.5) * 2])
    }

    @Test(
        "Settings outside their range are failures that name the key",
        arguments: [
            (#"{"beta1": 1}"#, "beta1"), (#"{"beta2": -0.1}"#, "beta2"), (#"{"epsilon": 0}"#, "epsilon"),
            (#"{"weightDecay": -1}"#, "weightDecay"), (#"{"clip": -1}"#, "clip"),
            (#"{"decayBiasAndNorm": 1}"#, "decayBiasAndNorm"), (#"{"beta": 0.9}"#, "beta"),
        ])
    func badSettings(text: String, key: String) {
        let failure = #expect(throws: Failure.self) {
            _ = try JSONDecoder().decode(OptimizerSettings.self, from: Data(text.utf8))
        }
        #expect(failure?.location == key && failure?.kind == .usage)
    }
}

/// Clips a gradient as a step does, and returns its norm before.
private func clip(_ gradient: inout [Float], limit: Double) -> Double {
    var norm = GlobalNorm()
    norm.add(gradient, count: gradient.count)
    for i in gradient.indices { gradient[i] *= norm.scale(limit: limit) }
    return norm.value
}
