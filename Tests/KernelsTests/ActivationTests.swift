import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Activations, and vectors added to rows")
struct ActivationTests {
    /// φ(x) and φ'(x) in double precision.
    private func values(_ activation: Activation, _ x: Double) -> (value: Double, slope: Double) {
        switch activation {
        case .relu: return (max(x, 0), x > 0 ? 1 : 0)
        case .gelu:
            let distribution = (1 + erf(x / 2.0.squareRoot())) / 2
            return (x * distribution, distribution + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot())
        case .geluTanh:
            let root = (2 / Double.pi).squareRoot()
            let tangent = Foundation.tanh(root * (x + 0.044715 * x * x * x))
            let slope = root * (1 + 3 * 0.044715 * x * x)
            return (x / 2 * (1 + tangent), (1 + tangent + x * (1 - tangent * tangent) * slope) / 2)
        case .swish:
            let sigmoid = 1 / (1 + exp(-x))
            return (x * sigmoid, sigmoid + x * sigmoid * (1 - sigmoid))
        case .tanh:
            let tangent = Foundation.tanh(x)
            return (tangent, 1 - tangent * tangent)
        }
    }

    @Test("Every width, against plain loops in double precision", arguments: Activation.allCases, 1...17)
    func everyWidth(_ activation: Activation, _ f: Int) {
        let numbers = someNumbers(3 * f)
        let z = GuardedMatrix(numbers, rows: 3, padding: 3)
        let untouched = GuardedMatrix(numbers, rows: 3, padding: 3)
        let (u, again) = (GuardedMatrix(3, f, padding: 3), GuardedMatrix(3, f, padding: 3))
        activation.forward(z.view, into: u.view, saveDerivative: true)
        activation.forward(untouched.view, into: again.view, saveDerivative: false)
        let tolerance = Tolerance(absolute: 1e-6, relative: 1e-6)
        #expect(mismatch(u.values, numbers.map { values(activation, Double($0)).value }, tolerance) == nil)
        let slopes = numbers.map { values(activation, Double($0)).slope }
        #expect(mismatch(z.values, slopes, tolerance, "derivative") == nil)
        #expect(differingBits(again.values, u.values, "without the derivative") == nil)
        #expect(differingBits(untouched.values, numbers) == nil)
        let du = GuardedMatrix(someNumbers(3 * f, seed: 1), rows: 3, padding: 3)
        let expected = zip(du.values, slopes).map { Double($0) * $1 }
        activation.backward(du.view, derivative: z.view)
        #expect(mismatch(du.values, expected, tolerance, "du") == nil)
        #expect([z, untouched, u, again, du].allSatisfy { $0.isIntact() })
    }

    @Test("Away from 0 too, where tails and squares grow", arguments: Activation.allCases)
    func farNumbers(_ activation: Activation) {
        let numbers = (-120...120).map { Float($0) / 8 }
        let (z, u) = (GuardedMatrix(numbers), GuardedMatrix(1, numbers.count))
        activation.forward(z.view, into: u.view, saveDerivative: true)
        for (index, x) in numbers.enumerated() {
            let (value, slope) = values(activation, Double(x))
            #expect(abs(Double(u.values[index]) - value) <= 5e-7 * max(1, abs(value)), "at \(x)")
            #expect(abs(Double(z.values[index]) - slope) <= 2e-6, "derivative at \(x)")
        }
    }

    @Test("Derivatives are the slopes of the forward", arguments: Activation.allCases.filter { $0 != .relu })
    func gradients(_ activation: Activation) {
        let (z, upstream) = (someNumbers(33), someNumbers(33, seed: 1))
        func run(_ z: [Float]) -> (value: [Float], derivative: GuardedMatrix) {
            let (derivative, u) = (GuardedMatrix(z, rows: 3), GuardedMatrix(3, 11))
            activation.forward(derivative.view, into: u.view, saveDerivative: true)
            return (u.values, derivative)
        }
        let du = GuardedMatrix(upstream, rows: 3)
        activation.backward(du.view, derivative: run(z).derivative.view)
        let slopes = finiteDifferences(of: { dot(run($0).value, upstream) }, at: z, step: 0.02)
        #expect(mismatch(du.values, slopes, Tolerance(absolute: 1e-4, relative: 3e-4)) == nil)
    }

    @Test("Huge numbers give 0 or themselves, and not-a-number stays", arguments: Activation.allCases)
    func extremes(_ activation: Activation) {
        for x: Float in [-1e30, -100, 100, 3e38, -.infinity, .infinity] {
            // The smallest value of its exponential, times z, is in GELU's slope.
            if activation == .gelu, abs(x) > 1e30 { continue }
            let (value, slope): (Float, Float) =
                activation == .tanh ? (x > 0 ? 1 : -1, 0) : x > 0 ? (x, 1) : (0, 0)
            let z = GuardedMatrix([Float](repeating: x, count: 11))
            let u = GuardedMatrix(1, 11)
            activation.forward(z.view, into: u.view, saveDerivative: true)
            for (u, z) in zip(u.values, z.values) {
                #expect(u == value || abs(u - value) < 1e-30, "at \(x): \(u)")
                let tolerance: Float = activation == .gelu ? 1e-8 : 1e-30
                #expect(abs(z - slope) < tolerance, "derivative at \(x): \(z)")
            }
        }
        let z = GuardedMatrix([Float](repeating: .nan, count: 11))
        let u = GuardedMatrix(1, 11, filledWith: 0)
        activation.forward(z.view, into: u.view, saveDerivative: true)
        #expect((z.values + u.values).allSatisfy { $0.isNaN })
    }

    @Test(
        "A line is added to a matrix by diagonals, and its gradient is the sums along them",
        arguments: 1...17)
    func diagonals(_ columns: Int) {
        let (rows, origin) = (4, 5)
        let y = GuardedMatrix(someNumbers(rows * columns), rows: rows, padding: 3)
        let line = GuardedMatrix(someNumbers(origin + columns, seed: 1))
        let sums = GuardedMatrix(1, origin + columns, filledWith: 2)
        var expected = y.values.map(Double.init)
        var total = [Double](repeating: 2, count: origin + columns)
        for i in 0..<rows {
            for j in 0..<columns { expected[i * columns + j] += Double(line.values[j - i + origin]) }
        }
        addDiagonals(line.base, origin: origin, to: y.view)
        #expect(mismatch(y.values, expected, Tolerance(absolute: 1e-6)) == nil)
        for i in 0..<rows {
            for j in 0..<columns { total[j - i + origin] += Double(y.values[i * columns + j]) }
        }
        addDiagonalSums(of: y.view, to: sums.base, origin: origin)
        #expect(mismatch(sums.values, total, Tolerance(absolute: 3e-6)) == nil)
        #expect([y, line, sums].allSatisfy { $0.isIntact() })
    }

    @Test("A scaled vector is added to every row, and its gradient is the scaled sum", arguments: 1...17)
    func broadcast(_ d: Int) {
        let y = GuardedMatrix(someNumbers(3 * d), rows: 3, padding: 3)
        let b = GuardedMatrix(someNumbers(d, seed: 1))
        let expected = y.values.enumerated().map { Double($1) + 2.5 * Double(b.values[$0 % d]) }
        addToRows(of: y.view, b.base, scale: 2.5)
        #expect(mismatch(y.values, expected, Tolerance(absolute: 1e-6, relative: 1e-6)) == nil)
        let db = GuardedMatrix(1, d, filledWith: 2)
        addToRowsBackward(y.view, scale: 2.5, into: db.base)
        let sums = (0..<d).map { c in rows(y.values, d).reduce(2) { $0 + 2.5 * $1[c] } }
        #expect(mismatch(db.values, sums, Tolerance(absolute: 3e-6, relative: 1e-6)) == nil)
        #expect([y, b, db].allSatisfy { $0.isIntact() })
    }
}
