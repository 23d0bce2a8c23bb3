import Foundation
import Kernels
import TestSupport
import Testing

/// Kernels work on sixteen lanes and a tail: the widths have none, one and two whole vectors, and each tail.
///
/// All rows lie in a wider matrix, and nothing outside of them may be written to.
@Suite("Every width, against plain loops in double precision")
struct WidthTests {
    static let widths = Array(1...34)
    let t = 3
    let padding = 3
    let tolerance = Tolerance(absolute: 2e-6, relative: 1e-6)

    @Test("LayerNorm, forward and backward", arguments: widths)
    func layerNormOfWidth(_ d: Int) {
        let x = GuardedMatrix(someNumbers(t * d), rows: t, padding: padding)
        let scale = GuardedMatrix(someNumbers(d, seed: 1))
        let shift = GuardedMatrix(someNumbers(d, seed: 2))
        let y = GuardedMatrix(t, d, padding: padding)
        let gradient = GuardedMatrix(someNumbers(t * d, seed: 3), rows: t, padding: padding)
        let reciprocal = GuardedMatrix(1, t)
        let (dScale, dShift) = (GuardedMatrix(1, d, filledWith: 0), GuardedMatrix(1, d, filledWith: 0))
        let expected = rows(x.values, d).map {
            // A large ε keeps the width 1, whose variance is 0, from being divided by nothing.
            referenceLayerNorm($0, rows(scale.values, d)[0], rows(shift.values, d)[0], epsilon: 0.1)
        }
        let upstream = rows(gradient.values, d)

        // x̂ in x's place, as the encoder does it.
        layerNorm(
            x.view, scale: scale.base, shift: shift.base, epsilon: 0.1, into: y.view, normalized: x.view,
            reciprocalDeviation: reciprocal.base)
        #expect(mismatch(y.values, expected.flatMap(\.value), tolerance, "y") == nil)
        #expect(mismatch(x.values, expected.flatMap(\.normalized), tolerance, "x̂") == nil)
        #expect(mismatch(reciprocal.values, expected.map(\.reciprocal), tolerance, "1/σ") == nil)
        layerNormParameterGradient(gradient.view, normalized: x.view, scale: dScale.base, shift: dShift.base)
        layerNormBackward(
            gradient.view, scale: scale.base, normalized: x.view, reciprocalDeviation: reciprocal.base)
        let dx = zip(upstream, expected).flatMap {
            referenceLayerNormGradient($0, rows(scale.values, d)[0], $1.normalized, $1.reciprocal)
        }
        #expect(mismatch(gradient.values, dx, tolerance, "dx") == nil)
        let dγ = (0..<d).map { c in zip(upstream, expected).reduce(0) { $0 + $1.0[c] * $1.1.normalized[c] } }
        let dβ = (0..<d).map { c in upstream.reduce(0) { $0 + $1[c] } }
        #expect(mismatch(dScale.values, dγ, tolerance, "dγ") == nil)
        #expect(mismatch(dShift.values, dβ, tolerance, "dβ") == nil)
        #expect([x, y, gradient, reciprocal, dScale, dShift].allSatisfy { $0.isIntact() })
    }

    @Test("LayerNorm writes over its input where nothing is kept", arguments: widths)
    func layerNormInPlace(_ d: Int) {
        let apart = GuardedMatrix(someNumbers(t * d), rows: t)
        let place = GuardedMatrix(someNumbers(t * d), rows: t)
        let (scale, shift) = (GuardedMatrix(someNumbers(d, seed: 1)), GuardedMatrix(someNumbers(d, seed: 2)))
        let y = GuardedMatrix(t, d)
        for (x, result) in [(apart, y), (place, place)] {
            layerNorm(
                x.view, scale: scale.base, shift: shift.base, epsilon: 0.1, into: result.view,
                normalized: nil,
                reciprocalDeviation: nil)
        }
        #expect(differingBits(place.values, y.values) == nil)
    }

    @Test("Softmax, forward and backward, packed and padded to whole lanes", arguments: widths)
    func softmaxOfWidth(_ n: Int) {
        for padding in [0, paddedColumns(n) - n, paddedColumns(n) - n + 5] {
            let p = GuardedMatrix(someNumbers(t * n), rows: t, padding: padding)
            let dp = GuardedMatrix(someNumbers(t * n, seed: 1), rows: t, padding: padding)
            let expected = rows(p.values, n).map(referenceSoftmax)
            let gradient = zip(rows(dp.values, n), expected).flatMap { referenceSoftmaxGradient($0, $1) }
            softmax(p.view)
            #expect(mismatch(p.values, expected.flatMap { $0 }, tolerance, "padding \(padding)") == nil)
            let whole = padding >= paddedColumns(n) - n
            #expect(p.isIntact(mayPad: whole ? paddedColumns(n) - n : 0))
            if whole {
                let behind = (0..<t).flatMap { row in (n..<paddedColumns(n)).map { p.view.row(row)[$0] } }
                #expect(behind.allSatisfy { $0 == 0 }, "the padding is zeros")
            }
            softmaxBackward(dp.view, p: p.view, scale: 1)
            #expect(mismatch(dp.values, gradient, tolerance, "gradient, padding \(padding)") == nil)
            #expect(dp.isIntact())
        }
    }

    @Test("GELU and tanh, forward and backward", arguments: widths)
    func activationsOfWidth(_ f: Int) {
        let numbers = someNumbers(t * f)
        let z = GuardedMatrix(numbers, rows: t, padding: padding)
        let u = GuardedMatrix(t, f, padding: padding)
        Activation.gelu.forward(z.view, into: u.view, saveDerivative: true)
        #expect(mismatch(u.values, numbers.map { referenceGELU(Double($0)) }, tolerance) == nil)
        let derivative = numbers.map { referenceGELUDerivative(Double($0)) }
        #expect(mismatch(z.values, derivative, tolerance, "derivative") == nil)
        let du = GuardedMatrix(someNumbers(t * f, seed: 1), rows: t, padding: padding)
        let expected = zip(du.values, derivative).map { Double($0) * $1 }
        Activation.gelu.backward(du.view, derivative: z.view)
        #expect(mismatch(du.values, expected, tolerance, "du") == nil)

        let y = GuardedMatrix(numbers, rows: t, padding: padding)
        tanh(y.view)
        #expect(mismatch(y.values, numbers.map { Foundation.tanh(Double($0)) }, tolerance, "tanh") == nil)
        let dy = GuardedMatrix(someNumbers(t * f, seed: 2), rows: t, padding: padding)
        let slope = zip(dy.values, numbers).map { Double($0) * (1 - pow(Foundation.tanh(Double($1)), 2)) }
        tanhBackward(dy.view, y: y.view)
        #expect(mismatch(dy.values, slope, tolerance, "tanh's gradient") == nil)
        #expect([z, u, du, y, dy].allSatisfy { $0.isIntact() })
    }

    @Test("Scale and shift, forward and backward", arguments: widths)
    func scaleAndShiftOfWidth(_ d: Int) {
        let x = GuardedMatrix(someNumbers(t * d), rows: t, padding: padding)
        let y = GuardedMatrix(x.values, rows: t, padding: padding)
        let (w, b) = (GuardedMatrix(someNumbers(d, seed: 1)), GuardedMatrix(someNumbers(d, seed: 2)))
        let (weight, bias) = (rows(w.values, d)[0], rows(b.values, d)[0])
        scaleAndShift(y.view, by: w.base, b.base)
        let value = rows(x.values, d).flatMap { row in (0..<d).map { weight[$0] * row[$0] + bias[$0] } }
        #expect(mismatch(y.values, value, tolerance) == nil)

        let dy = GuardedMatrix(someNumbers(t * d, seed: 3), rows: t, padding: padding)
        let copy = GuardedMatrix(dy.values, rows: t)
        let upstream = rows(dy.values, d)
        let (dw, db) = (GuardedMatrix(1, d, filledWith: 1), GuardedMatrix(1, d, filledWith: 1))
        scaleAndShiftBackward(dy.view, x: x.view, w: w.base, dw: dw.base, db: db.base)
        let products = (0..<d).map { c in
            1 + zip(upstream, rows(x.values, d)).reduce(0) { $0 + $1.0[c] * $1.1[c] }
        }
        #expect(mismatch(dw.values, products, tolerance, "dw, added to 1") == nil)
        let sums = (0..<d).map { c in 1 + upstream.reduce(0) { $0 + $1[c] } }
        #expect(mismatch(db.values, sums, tolerance, "db, added to 1") == nil)
        let dx = upstream.flatMap { row in (0..<d).map { weight[$0] * row[$0] } }
        #expect(mismatch(dy.values, dx, tolerance, "dx") == nil)
        scaleAndShiftBackward(copy.view, x: x.view, w: w.base, dw: nil, db: nil)
        #expect(differingBits(copy.values, dy.values, "without parameter gradients") == nil)

        let scaled = GuardedMatrix(x.values, rows: t, padding: padding)
        scale(scaled.view, by: w.base)
        let scales = rows(x.values, d).flatMap { row in (0..<d).map { weight[$0] * row[$0] } }
        #expect(mismatch(scaled.values, scales, tolerance, "scale alone") == nil)
        #expect([x, y, dy, dw, db, scaled].allSatisfy { $0.isIntact() })
    }

    @Test("Sums and products of elements", arguments: widths)
    func elementwiseOfWidth(_ d: Int) {
        let x = GuardedMatrix(someNumbers(t * d), rows: t, padding: padding)
        let y = GuardedMatrix(someNumbers(t * d, seed: 1), rows: t, padding: padding)
        let pairs = zip(x.values, y.values).map { (Double($0), Double($1)) }
        add(x.view, to: y.view)
        #expect(mismatch(y.values, pairs.map { $0 + $1 }, tolerance) == nil)
        multiplyElements(of: y.view, by: x.view)
        #expect(mismatch(y.values, pairs.map { $0 * ($0 + $1) }, tolerance) == nil)
        let sums = GuardedMatrix(1, d, filledWith: 2)
        addColumnSums(of: x.view, to: sums.base)
        let expected = (0..<d).map { c in rows(x.values, d).reduce(2) { $0 + $1[c] } }
        #expect(mismatch(sums.values, expected, tolerance) == nil)
        #expect([x, y, sums].allSatisfy { $0.isIntact() })
    }

    @Test("Sums along a vector", arguments: widths + [47, 48, 49, 768])
    func reductionsOfWidth(_ n: Int) {
        let (x, y) = (GuardedMatrix(someNumbers(n)), GuardedMatrix(someNumbers(n, seed: 1)))
        let pairs = zip(x.values, y.values).map { (Double($0), Double($1)) }
        let found = [sum(x.base, n), dotProduct(x.base, y.base, n)]
        let expected = [pairs.reduce(0) { $0 + $1.0 }, pairs.reduce(0) { $0 + $1.0 * $1.1 }]
        // The rounding grows with the terms (5 at most), not with the sum.
        #expect(mismatch(found, expected, Tolerance(absolute: 3e-7 * Double(n + 4))) == nil)
    }
}
