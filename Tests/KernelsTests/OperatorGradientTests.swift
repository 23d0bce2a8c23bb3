import Kernels
import TestSupport
import Testing

/// Each backward against central differences of its own forward: the pair belongs together, whatever a golden
/// says.
///
/// The losses are below 30 in magnitude and known to about 1e-6; a step of 0.02 leaves 1e-4 of the slope.
@Suite("Gradients against finite differences of the forward")
struct OperatorGradientTests {
    let t = 3
    let d = 11
    let step: Float = 0.02
    let tolerance = Tolerance(absolute: 1e-4, relative: 3e-4)

    @Test("LayerNorm at x, γ and β")
    func layerNormGradient() {
        let (x, scale, shift) = (someNumbers(t * d), someNumbers(d, seed: 1), someNumbers(d, seed: 2))
        let upstream = someNumbers(t * d, seed: 3)
        func run(_ x: [Float], _ scale: [Float], _ shift: [Float]) -> (
            value: [Float], dx: [Float], dScale: [Float], dShift: [Float]
        ) {
            let y = GuardedMatrix(t, d)
            let (kept, reciprocal) = (GuardedMatrix(x, rows: t), GuardedMatrix(1, t))
            let gamma = GuardedMatrix(scale)
            layerNorm(
                kept.view, scale: gamma.base, shift: GuardedMatrix(shift).base, epsilon: 1e-5, into: y.view,
                normalized: kept.view, reciprocalDeviation: reciprocal.base)
            let dy = GuardedMatrix(upstream, rows: t)
            let (dScale, dShift) = (GuardedMatrix(1, d, filledWith: 0), GuardedMatrix(1, d, filledWith: 0))
            layerNormParameterGradient(dy.view, normalized: kept.view, scale: dScale.base, shift: dShift.base)
            layerNormBackward(
                dy.view, scale: gamma.base, normalized: kept.view, reciprocalDeviation: reciprocal.base)
            return (y.values, dy.values, dScale.values, dShift.values)
        }
        let found = run(x, scale, shift)
        let dx = finiteDifferences(of: { dot(run($0, scale, shift).value, upstream) }, at: x, step: step)
        let dScale = finiteDifferences(of: { dot(run(x, $0, shift).value, upstream) }, at: scale, step: step)
        let dShift = finiteDifferences(of: { dot(run(x, scale, $0).value, upstream) }, at: shift, step: step)
        #expect(mismatch(found.dx, dx, tolerance, "dx") == nil)
        #expect(mismatch(found.dScale, dScale, tolerance, "dγ") == nil)
        #expect(mismatch(found.dShift, dShift, tolerance, "dβ") == nil)
    }

    @Test("Softmax of scaled scores")
    func softmaxGradient() {
        let (s, upstream) = (someNumbers(t * d), someNumbers(t * d, seed: 1))
        func forward(_ s: [Float]) -> GuardedMatrix {
            let p = GuardedMatrix(s.map { 0.5 * $0 }, rows: t)
            softmax(p.view)
            return p
        }
        let dp = GuardedMatrix(upstream, rows: t)
        softmaxBackward(dp.view, p: forward(s).view, scale: 0.5)
        let expected = finiteDifferences(of: { dot(forward($0).values, upstream) }, at: s, step: step)
        #expect(mismatch(dp.values, expected, tolerance) == nil)
    }

    @Test("GELU and tanh")
    func activationGradients() {
        let (z, upstream) = (someNumbers(t * d), someNumbers(t * d, seed: 1))
        func gelus(_ z: [Float]) -> (value: GuardedMatrix, derivative: GuardedMatrix) {
            let (derivative, u) = (GuardedMatrix(z, rows: t), GuardedMatrix(t, d))
            Activation.gelu.forward(derivative.view, into: u.view, saveDerivative: true)
            return (u, derivative)
        }
        let du = GuardedMatrix(upstream, rows: t)
        Activation.gelu.backward(du.view, derivative: gelus(z).derivative.view)
        let expected = finiteDifferences(of: { dot(gelus($0).value.values, upstream) }, at: z, step: step)
        #expect(mismatch(du.values, expected, tolerance, "GELU") == nil)

        func tanhs(_ z: [Float]) -> GuardedMatrix {
            let y = GuardedMatrix(z, rows: t)
            tanh(y.view)
            return y
        }
        let dy = GuardedMatrix(upstream, rows: t)
        tanhBackward(dy.view, y: tanhs(z).view)
        let slope = finiteDifferences(of: { dot(tanhs($0).values, upstream) }, at: z, step: step)
        #expect(mismatch(dy.values, slope, tolerance, "tanh") == nil)
    }

    @Test("Scale and shift at x, w and b")
    func scaleAndShiftGradient() {
        let (x, w, b) = (someNumbers(t * d), someNumbers(d, seed: 1), someNumbers(d, seed: 2))
        let upstream = someNumbers(t * d, seed: 3)
        func loss(_ x: [Float], _ w: [Float], _ b: [Float]) -> Double {
            let y = GuardedMatrix(x, rows: t)
            scaleAndShift(y.view, by: GuardedMatrix(w).base, GuardedMatrix(b).base)
            return dot(y.values, upstream)
        }
        let dy = GuardedMatrix(upstream, rows: t)
        let (dw, db) = (GuardedMatrix(1, d, filledWith: 0), GuardedMatrix(1, d, filledWith: 0))
        scaleAndShiftBackward(
            dy.view, x: GuardedMatrix(x, rows: t).view, w: GuardedMatrix(w).base, dw: dw.base, db: db.base)
        let dx = finiteDifferences(of: { loss($0, w, b) }, at: x, step: step)
        let dW = finiteDifferences(of: { loss(x, $0, b) }, at: w, step: step)
        let dB = finiteDifferences(of: { loss(x, w, $0) }, at: b, step: step)
        #expect(mismatch(dy.values, dx, tolerance, "dx") == nil)
        #expect(mismatch(dw.values, dW, tolerance, "dw") == nil)
        #expect(mismatch(db.values, dB, tolerance, "db") == nil)
    }
}
