import Foundation
import Kernels
import TestSupport
import Testing

/// exp, tanh and erf are private to the kernels: their errors are measured where they come out.
@Suite("Approximations against the C library")
struct VectorMathTests {
    /// Evenly spaced points with both ends, a multiple of eight and then some.
    private func grid(_ lower: Double, _ upper: Double, _ count: Int = 40_003) -> [Float] {
        (0..<count).map { Float(lower + (upper - lower) * Double($0) / Double(count - 1)) }
    }

    @Test("tanh is off by at most 4e-7 of its value, and reaches ±1")
    func tanhError() {
        for numbers in [grid(-10, 10), grid(-1e-3, 1e-3), grid(-100, 100, 1003)] {
            let y = GuardedMatrix(numbers)
            tanh(y.view)
            let worst =
                zip(numbers, y.values).map { x, found in
                    let expected = Foundation.tanh(Double(x))
                    return expected == 0 ? abs(Double(found)) : abs(Double(found) / expected - 1)
                }.max() ?? .nan
            #expect(worst < 4e-7, "worst relative error \(worst)")
            #expect(y.values.allSatisfy { abs($0) <= 1.0000005 })
        }
    }

    @Test("GELU is off by at most 4e-7 · |x| / 2 and two roundings, its derivative by 5e-7")
    func geluError() {
        for numbers in [grid(-10, 10), grid(-0.01, 0.01), grid(-100, 100, 1003)] {
            let z = GuardedMatrix(numbers)
            let u = GuardedMatrix(1, numbers.count)
            Activation.gelu.forward(z.view, into: u.view, saveDerivative: true)
            for (index, x) in numbers.enumerated() {
                let error = abs(Double(u.values(at: index)) - referenceGELU(Double(x)))
                let slope = abs(Double(z.values(at: index)) - referenceGELUDerivative(Double(x)))
                guard error <= 3.2e-7 * Double(abs(x)) + 1e-9, slope <= 5e-7 else {
                    Issue.record("at \(x): value off by \(error), derivative by \(slope)")
                    break
                }
            }
        }
    }

    @Test("Softmax of two scores is off by at most 3e-7 of each probability")
    func exponentialError() {
        for difference in grid(-80, 0, 4001) {
            let p = GuardedMatrix([0, difference])
            softmax(p.view)
            let expected = referenceSoftmax([0, Double(difference)])
            for (found, exact) in zip(p.values, expected) where abs(Double(found) / exact - 1) > 3e-7 {
                Issue.record("difference \(difference): found \(found), expected \(exact)")
            }
        }
    }

    @Test("Softmax doesn't move when every score does, and one far score takes all")
    func softmaxExtremes() {
        let scores: [Float] = [1, -2, 0.5, 3, 0, 0, -1, 2, 4]
        let (p, shifted) = (GuardedMatrix(scores), GuardedMatrix(scores.map { $0 + 1024 }))
        softmax(p.view)
        softmax(shifted.view)
        #expect(differingBits(p.values, shifted.values) == nil)
        let far = GuardedMatrix([-3e38, 0, 3e38, -1])
        softmax(far.view)
        #expect(mismatch(far.values, [0, 0, 1, 0] as [Float], Tolerance(absolute: 1e-37)) == nil)
    }

    @Test("Not-a-number stays not-a-number, so that a diverged run is seen", arguments: [3, 8, 12])
    func notANumberIsKept(count: Int) {
        for sign in [Float.nan, -Float.nan] {
            let start = GuardedMatrix([Float](repeating: sign, count: count))
            let u = GuardedMatrix(1, count, filledWith: 0)
            Activation.gelu.forward(start.view, into: u.view, saveDerivative: true)
            let y = GuardedMatrix([Float](repeating: sign, count: count))
            tanh(y.view)
            let p = GuardedMatrix([sign] + [Float](repeating: 0, count: count - 1))
            softmax(p.view)
            #expect((start.values + u.values + y.values + p.values).allSatisfy { $0.isNaN })
        }
    }
}

extension GuardedMatrix {
    fileprivate func values(at index: Int) -> Float { base[index] }
}
