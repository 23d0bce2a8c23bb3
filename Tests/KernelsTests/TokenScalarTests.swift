import Kernels
import TestSupport
import Testing

@Suite("One number for each token, against plain loops in double precision")
struct TokenScalarTests {
    let t = 5

    @Test("α = x a + c, y += α v and Σ α x, of every width", arguments: 1...17)
    func agreesWithLoops(_ width: Int) {
        let x = GuardedMatrix(someNumbers(t * width), rows: t, padding: 3)
        let y = GuardedMatrix(someNumbers(t * width, seed: 1), rows: t, padding: 3)
        let a = GuardedMatrix(someNumbers(width, seed: 2))
        let sums = GuardedMatrix(someNumbers(width, seed: 3))
        let alpha = GuardedMatrix(1, t)
        let (rowsOfX, rowsOfY) = (rows(x.values, width), rows(y.values, width))
        let (vector, start) = (rows(a.values, width)[0], rows(sums.values, width)[0])

        tokenScalars(of: x.view, a.base, plus: 0.5, into: alpha.base)
        let expected = rowsOfX.map { row in zip(row, vector).reduce(0.5) { $0 + $1.0 * $1.1 } }
        let tolerance = Tolerance(absolute: 2e-6, relative: 1e-6)
        #expect(mismatch(alpha.values.map { Double($0) }, expected, tolerance, "α") == nil)
        addWeightedColumnSums(of: x.view, by: alpha.base, to: sums.base)
        let weighted = (0..<width).map { c in zip(rowsOfX, expected).reduce(start[c]) { $0 + $1.0[c] * $1.1 }
        }
        #expect(mismatch(sums.values.map { Double($0) }, weighted, tolerance, "Σ α x") == nil)
        addOuterProduct(alpha.base, a.base, to: y.view)
        let shifted = zip(rowsOfY, expected).flatMap { row, factor in
            zip(row, vector).map { $0 + factor * $1 }
        }
        #expect(mismatch(y.values.map { Double($0) }, shifted, tolerance, "y + α v") == nil)
        #expect([x, y, a, sums, alpha].allSatisfy { $0.isIntact() })
    }

    @Test("α = x y and y += α x row by row, with α a column of a matrix, of every width", arguments: 1...17)
    func rowsAgreeWithLoops(_ width: Int) {
        let x = GuardedMatrix(someNumbers(t * width), rows: t, padding: 3)
        let y = GuardedMatrix(someNumbers(t * width, seed: 1), rows: t, padding: 3)
        let scalars = GuardedMatrix(someNumbers(t * 3, seed: 2), rows: t)
        let before = rows(scalars.values, 3)
        let (rowsOfX, rowsOfY) = (rows(x.values, width), rows(y.values, width))
        let alpha = scalars.view.columns(1..<2)

        rowProducts(of: x.view, y.view, into: alpha)
        let expected = zip(rowsOfX, rowsOfY).map { zip($0, $1).reduce(0) { $0 + $1.0 * $1.1 } }
        let tolerance = Tolerance(absolute: 2e-6, relative: 1e-6)
        #expect(mismatch(alpha.values.map { Double($0) }, expected, tolerance, "α") == nil)
        addScaledRows(of: x.view, by: alpha, to: y.view)
        let moved = zip(zip(rowsOfX, rowsOfY), expected).flatMap { rows, factor in
            zip(rows.0, rows.1).map { factor * $0 + $1 }
        }
        #expect(mismatch(y.values.map { Double($0) }, moved, tolerance, "y + α x") == nil)
        let after = rows(scalars.values, 3)
        #expect(zip(before, after).allSatisfy { $0[0] == $1[0] && $0[2] == $1[2] })
        #expect([x, y, scalars].allSatisfy { $0.isIntact() })
    }
}
