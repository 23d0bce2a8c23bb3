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
        // More than a block of rows, of k and of columns, and a last tile of one row.
        Shape(m: 519, k: 390, n: 70),
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

    @Test(
        "A row's bits depend on that row and the weights alone, wherever it is and however many there are",
        arguments: ProductArithmetic.allCases)
    func bitsOfARow(_ arithmetic: ProductArithmetic) {
        let (rows, k, n) = (61, 400, 75)
        let a = GuardedMatrix(someNumbers(rows * k), rows: rows)
        let w = GuardedMatrix(someNumbers(n * k, seed: 1), rows: n)
        let b = GuardedMatrix(someNumbers(n * k, seed: 1), rows: k)
        let bias = GuardedMatrix(someNumbers(n, seed: 2))
        let (all, back) = (GuardedMatrix(rows, n), GuardedMatrix(rows, n))
        linear(a.view, w.view, in: arithmetic, bias.base, into: all.view)
        linearBackward(a.view, b.view, in: arithmetic, into: back.view)
        for part in [0..<1, 60..<61, 3..<18, 14..<28, 5..<48] {
            for padding in [0, 5] {
                let x = GuardedMatrix(
                    Array(a.values[part.lowerBound * k..<part.upperBound * k]), rows: part.count,
                    padding: padding)
                let y = GuardedMatrix(part.count, n, padding: padding)
                let expected = part.lowerBound * n..<part.upperBound * n
                linear(x.view, w.view, in: arithmetic, bias.base, into: y.view)
                #expect(differingBits(y.values, Array(all.values[expected]), "rows \(part)") == nil)
                linearBackward(x.view, b.view, in: arithmetic, into: y.view)
                #expect(differingBits(y.values, Array(back.values[expected]), "backward, \(part)") == nil)
            }
        }
    }

    @Test(
        "Laid out before or not, a product has the same bits", arguments: ProductArithmetic.allCases, shapes)
    func prepacked(_ arithmetic: ProductArithmetic, _ shape: Shape) {
        let (m, k, n) = (shape.m, shape.k, shape.n)
        let x = GuardedMatrix(someNumbers(m * k), rows: m, padding: 1)
        let weight = GuardedMatrix(someNumbers(n * k, seed: 1), rows: n, padding: 3)
        let back = GuardedMatrix(someNumbers(n * k, seed: 2), rows: k, padding: 2)
        let bias = GuardedMatrix(someNumbers(n, seed: 3))
        let memory = GuardedMatrix(1, PackedMatrix.byteCount(rows: k, columns: n, arithmetic) / 4)
        let panels = PackedMatrix(memory.base, rows: k, columns: n, arithmetic)
        func y() -> GuardedMatrix { GuardedMatrix(someNumbers(m * n, seed: 4), rows: m, padding: 5) }
        let (expected, found) = (y(), y())
        linear(x.view, weight.view, in: arithmetic, bias.base, into: expected.view)
        panels.pack(weight.view, transposed: true, into: memory.base)
        linear(x.view, weight.view, packed: panels, in: arithmetic, bias.base, into: found.view)
        #expect(differingBits(found.values, expected.values, "y") == nil)
        linearBackward(x.view, back.view, in: arithmetic, into: expected.view, accumulate: true)
        panels.pack(back.view, transposed: false, into: memory.base)
        linearBackward(x.view, back.view, packed: panels, in: arithmetic, into: found.view, accumulate: true)
        #expect(differingBits(found.values, expected.values, "dx") == nil)
        #expect(memory.isIntact() && found.isIntact() && weight.isIntact())
    }

    @Test(
        "A weight gradient is one chain of additions over the tokens, packed or not",
        arguments: [(2, 8, 5), (700, 8, 40), (391, 43, 32), (391, 70, 130), (20, 42, 33), (9, 96, 31)])
    func weightGradient(_ tokens: Int, _ outputs: Int, _ inputs: Int) {
        for scale in [Float(1), 0.3] {
            let dy = GuardedMatrix(someNumbers(tokens * outputs), rows: tokens, padding: 3)
            let x = GuardedMatrix(someNumbers(tokens * inputs, seed: 1), rows: tokens, padding: 1)
            let start = someNumbers(outputs * inputs, seed: 2)
            let whole = GuardedMatrix(start, rows: outputs, padding: 2)
            linearWeightGradient(dy.view, x.view, weight: whole.view, scale: scale)
            // Token by token, each addition is the next link of the same chain.
            let chain = GuardedMatrix(start, rows: outputs, padding: 2)
            for token in 0..<tokens {
                transposedMultiply(
                    Matrix(dy.view.row(token), 1, outputs), Matrix(x.view.row(token), 1, inputs),
                    into: chain.view, scale: scale, accumulate: true)
            }
            #expect(differingBits(whole.values, chain.values, "scale \(scale)") == nil)
            #expect(dy.isIntact() && x.isIntact() && whole.isIntact())
        }
    }

    @Test("What may be written past the columns is all that is written")
    func room() {
        for (n, room) in [(5, 16), (21, 32), (21, 30), (33, 48)] {
            let (a, b) = (
                GuardedMatrix(someNumbers(20 * 8), rows: 20), GuardedMatrix(someNumbers(n * 8), rows: n)
            )
            let apart = GuardedMatrix(20, n)
            let c = GuardedMatrix(20, n, padding: room - n + 3)
            multiplyTransposed(a.view, b.view, into: apart.view)
            multiplyTransposed(a.view, b.view, into: c.view, room: room)
            #expect(differingBits(c.values, apart.values) == nil)
            #expect(c.isIntact(mayPad: room - n))
        }
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
