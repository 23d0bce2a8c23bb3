import Kernels
import TestSupport
import Testing

@Suite("Matrix products")
struct MatrixProductTests {
    enum Form: CaseIterable, Sendable { case plain, rightTransposed, leftTransposed }

    struct Shape: Sendable, CustomTestStringConvertible {
        let m, k, n: Int
        var testDescription: String { "\(m)×\(k)×\(n)" }
    }

    static let shapes = [
        Shape(m: 1, k: 1, n: 1), Shape(m: 2, k: 3, n: 4), Shape(m: 13, k: 7, n: 5), Shape(m: 5, k: 17, n: 9),
        Shape(m: 1, k: 33, n: 8), Shape(m: 24, k: 24, n: 1), Shape(m: 30, k: 40, n: 50),
    ]

    @Test("All forms, with gaps between rows, scaled and accumulated", arguments: Form.allCases, shapes)
    func agreesWithPlainLoops(_ form: Form, _ shape: Shape) {
        _ = blasThreads
        let (m, k, n) = (shape.m, shape.k, shape.n)
        let (left, right) = (someNumbers(m * k), someNumbers(k * n, seed: 1))
        func transposed(_ values: [Float], _ columns: Int) -> [Float] {
            (0..<columns).flatMap { c in stride(from: c, to: values.count, by: columns).map { values[$0] } }
        }
        let a =
            form == .leftTransposed
            ? GuardedMatrix(transposed(left, k), rows: k, padding: 2)
            : GuardedMatrix(left, rows: m, padding: 2)
        let b =
            form == .rightTransposed
            ? GuardedMatrix(transposed(right, n), rows: n, padding: 1)
            : GuardedMatrix(right, rows: k, padding: 1)
        let start = someNumbers(m * n, seed: 2)
        let sums = (0..<m * n).map { index in
            (0..<k).reduce(0.0) { $0 + Double(left[index / n * k + $1]) * Double(right[$1 * n + index % n]) }
        }
        for (scale, accumulate) in [(Float(1), false), (1, true), (0.25, false), (-3, true)] {
            // Not-a-number in the result must not come through where nothing is accumulated.
            let c = accumulate ? GuardedMatrix(start, rows: m, padding: 3) : GuardedMatrix(m, n, padding: 3)
            switch form {
            case .plain: multiply(a.view, b.view, into: c.view, scale: scale, accumulate: accumulate)
            case .rightTransposed:
                multiplyTransposed(a.view, b.view, into: c.view, scale: scale, accumulate: accumulate)
            case .leftTransposed:
                transposedMultiply(a.view, b.view, into: c.view, scale: scale, accumulate: accumulate)
            }
            let expected = sums.enumerated().map { index, sum in
                Double(scale) * sum + (accumulate ? Double(start[index]) : 0)
            }
            // k products of at most 4, each rounded once, and again in the sum.
            let tolerance = Tolerance(absolute: 1.2e-7 * 4 * Double(abs(scale)) * Double(k + 2))
            #expect(
                mismatch(c.values, expected, tolerance, "scale \(scale), accumulate \(accumulate)") == nil)
            #expect(a.isIntact() && b.isIntact() && c.isIntact())
        }
    }

    @Test("The bits depend on shapes and values, not on where the operands lie")
    func bitsDontDependOnPlace() {
        _ = blasThreads
        let (a, b) = (someNumbers(29 * 24), someNumbers(40 * 24, seed: 1))
        let results = [0, 1, 5, 8].map { padding in
            let c = GuardedMatrix(29, 40, padding: padding)
            let (x, w) = (
                GuardedMatrix(a, rows: 29, padding: padding), GuardedMatrix(b, rows: 40, padding: padding)
            )
            multiplyTransposed(x.view, w.view, into: c.view)
            return c.values
        }
        for result in results { #expect(differingBits(result, results[0]) == nil) }
    }

    @Test("A product without rows changes nothing")
    func empty() {
        let weight = GuardedMatrix(someNumbers(12), rows: 3)
        let nothing = Matrix(weight.base, 0, 4)
        linear(nothing, weight.view, nil, into: Matrix(weight.base, 0, 3))
        #expect(weight.values == someNumbers(12))
    }

    @Test("One thread remains, and the library names itself")
    func oneThread() {
        #expect(blasThreads == 1)
        #expect(!BLAS.coreName.isEmpty && !BLAS.configuration.isEmpty)
        #expect(["serial", "pthread", "openmp"].contains(BLAS.flavour))
    }
}
