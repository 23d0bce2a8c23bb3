import Kernels
import TestSupport
import Testing

/// Values and gradients against PyTorch in double precision.
///
/// One float rounding is 6e-8 of a number; the tolerances
/// leave room for the few to few hundred roundings of each operator.
@Suite("Operators against the goldens")
struct OperatorGoldenTests {
    let golden: Golden

    init() throws { golden = try Golden("kernels/kernels") }

    struct NormCase: Sendable, CustomTestStringConvertible {
        let name: String
        let tolerance: Double
        var testDescription: String { name }
    }

    @Test(
        "LayerNorm's value and its gradients at x, γ and β",
        arguments: [
            NormCase(name: "small", tolerance: 2e-6),
            NormCase(name: "wide", tolerance: 2e-6),
            // A mean of 1000 is known to 6e-5 in float, and x̂ is off by as much.
            NormCase(name: "offset", tolerance: 2e-4),
        ])
    func layerNormAgrees(_ test: NormCase) throws {
        let name = "layernorm.\(test.name)"
        let tolerance = Tolerance(relative: test.tolerance)
        let x = try golden.matrix("\(name).x")
        let scale = try golden.matrix("\(name).weight")
        let shift = try golden.matrix("\(name).bias")
        let epsilon = try golden.floats("\(name).epsilon")[0]
        let (t, d) = (x.view.rows, x.view.columns)
        let y = GuardedMatrix(t, d)
        let normalized = GuardedMatrix(t, d)
        let reciprocal = GuardedMatrix(1, t)
        layerNorm(
            x.view, scale: scale.base, shift: shift.base, epsilon: epsilon, into: y.view,
            normalized: normalized.view,
            reciprocalDeviation: reciprocal.base)
        #expect(mismatch(y.values, try golden.floats("\(name).value"), tolerance) == nil)

        let plain = GuardedMatrix(t, d)
        layerNorm(
            x.view, scale: scale.base, shift: shift.base, epsilon: epsilon, into: plain.view, normalized: nil,
            reciprocalDeviation: nil)
        #expect(differingBits(plain.values, y.values, "keeping nothing for backward") == nil)

        let gradient = try golden.matrix("\(name).upstream")
        let (dScale, dShift) = (GuardedMatrix(1, d, filledWith: 0.5), GuardedMatrix(1, d, filledWith: -0.5))
        layerNormParameterGradient(
            gradient.view, normalized: normalized.view, scale: dScale.base, shift: dShift.base)
        layerNormBackward(
            gradient.view, scale: scale.base, normalized: normalized.view,
            reciprocalDeviation: reciprocal.base)
        #expect(mismatch(gradient.values, try golden.floats("\(name).gradient.x"), tolerance, "dx") == nil)
        let expected = (
            scale: try golden.floats("\(name).gradient.weight").map { $0 + 0.5 },
            shift: try golden.floats("\(name).gradient.bias").map { $0 - 0.5 }
        )
        #expect(mismatch(dScale.values, expected.scale, tolerance, "dγ, added to 0.5") == nil)
        #expect(mismatch(dShift.values, expected.shift, tolerance, "dβ, added to −0.5") == nil)
    }

    @Test("GELU's value and derivative on 1601 points from −8 to 8")
    func geluAgrees() throws {
        let z = try golden.matrix("gelu.x")
        let u = GuardedMatrix(1, z.view.columns)
        // erf is off by 3.7e-7 at most, and x multiplies half of that.
        Activation.gelu.forward(z.view, into: u.view, saveDerivative: true)
        #expect(mismatch(u.values, try golden.floats("gelu.value"), Tolerance(absolute: 1e-6)) == nil)
        #expect(mismatch(z.values, try golden.floats("gelu.derivative"), Tolerance(absolute: 6e-7)) == nil)

        let untouched = try golden.matrix("gelu.x")
        let again = GuardedMatrix(1, untouched.view.columns)
        Activation.gelu.forward(untouched.view, into: again.view, saveDerivative: false)
        #expect(differingBits(again.values, u.values) == nil)
        #expect(differingBits(untouched.values, try golden.floats("gelu.x"), "z is only read") == nil)
    }

    @Test("tanh's value and gradient")
    func tanhAgrees() throws {
        let y = try golden.matrix("tanh.x")
        tanh(y.view)
        // 3.1e-7 of the value, which never exceeds 1; the gradient doubles it.
        #expect(mismatch(y.values, try golden.floats("tanh.value"), Tolerance(absolute: 4e-7)) == nil)
        let gradient = GuardedMatrix(1, y.view.columns, filledWith: 3)
        tanhBackward(gradient.view, y: y.view)
        let expected = try golden.floats("tanh.derivative").map { 3 * $0 }
        #expect(mismatch(gradient.values, expected, Tolerance(absolute: 2.4e-6)) == nil)
    }

    @Test(
        "Softmax's value and gradient for rows of several lengths and magnitudes", arguments: [false, true])
    func softmaxAgrees(padded: Bool) throws {
        let offsets = try golden.integers("softmax.offsets")
        let (x, upstream) = (try golden.floats("softmax.x"), try golden.floats("softmax.upstream"))
        let (value, gradient) = (try golden.floats("softmax.value"), try golden.floats("softmax.gradient.x"))
        for range in zip(offsets, offsets.dropFirst()).map({ $0..<$1 }) {
            let n = range.count
            let padding = padded ? paddedColumns(n) - n : 0
            let p = GuardedMatrix(Array(x[range]), padding: padding)
            softmax(p.view)
            // A difference of scores of 10 000 is rounded by 6e-4 before exp when scores are, but here they
            // are exact.
            #expect(mismatch(p.values, Array(value[range]), Tolerance(absolute: 1e-6), "length \(n)") == nil)
            let dp = GuardedMatrix(Array(upstream[range]), padding: padding)
            softmaxBackward(dp.view, p: p.view, scale: 0.25)
            let expected = gradient[range].map { $0 / 4 }
            #expect(mismatch(dp.values, expected, Tolerance(absolute: 1e-6), "gradient, length \(n)") == nil)
        }
    }

    @Test("A linear map's value and its gradients at x, W and b")
    func linearAgrees() throws {
        _ = blasThreads
        let tolerance = Tolerance(relative: 1e-6)
        let x = try golden.matrix("linear.x")
        let weight = try golden.matrix("linear.weight")
        let bias = try golden.matrix("linear.bias")
        let y = GuardedMatrix(5, 11)
        linear(x.view, weight.view, bias.base, into: y.view)
        #expect(mismatch(y.values, try golden.floats("linear.value"), tolerance) == nil)

        let upstream = try golden.matrix("linear.upstream")
        let dx = GuardedMatrix(5, 7)
        linearBackward(upstream.view, weight.view, into: dx.view)
        #expect(mismatch(dx.values, try golden.floats("linear.gradient.x"), tolerance, "dx") == nil)
        linearBackward(upstream.view, weight.view, into: dx.view, accumulate: true)
        let twice = try golden.floats("linear.gradient.x").map { 2 * $0 }
        #expect(mismatch(dx.values, twice, tolerance, "dx added to dx") == nil)

        let (dWeight, dBias) = (GuardedMatrix(11, 7, filledWith: 1), GuardedMatrix(1, 11, filledWith: 1))
        linearWeightGradient(upstream.view, x.view, weight: dWeight.view, bias: dBias.base)
        let expected = (
            weight: try golden.floats("linear.gradient.weight").map { $0 + 1 },
            bias: try golden.floats("linear.gradient.bias").map { $0 + 1 }
        )
        #expect(mismatch(dWeight.values, expected.weight, tolerance, "dW, added to 1") == nil)
        #expect(mismatch(dBias.values, expected.bias, tolerance, "db, added to 1") == nil)

        let withoutBias = GuardedMatrix(5, 11)
        linear(x.view, weight.view, nil, into: withoutBias.view)
        let difference = zip(y.values, withoutBias.values).map { $0 - $1 }
        let rows = (0..<5).flatMap { _ in bias.values }
        #expect(mismatch(difference, rows, Tolerance(absolute: 2e-6), "b") == nil)
    }

    @Test("log Σ e^x is exact where e^x alone would overflow")
    func logSumExpAgrees() throws {
        let logits = try golden.matrix("crossentropy.large.logits")
        let labels = try golden.integers("crossentropy.large.labels")
        let losses = (0..<logits.view.rows).map { row in
            logSumExp(logits.view.row(row), logits.view.columns) - Double(logits.view[row, labels[row]])
        }
        let expected = try golden.floats("crossentropy.large.losses")
        #expect(mismatch(losses, expected, Tolerance(relative: 1e-7)) == nil)
        let huge = GuardedMatrix([1e4, 1e4])
        #expect(abs(logSumExp(huge.base, 2) - 10_000.693147180559945) < 1e-9)
    }
}
