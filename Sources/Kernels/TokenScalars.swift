import CKernels

// One number per token: α_t = x_t · a + c and y_t += α_t v, with x [T, f], a [f], α [T], v [d], y [T, d].
// With one row per token in both operands, α is a column [T, 1] of a matrix.
//
// Their backward uses the same functions: dα_t = dy_t · v, dv = Σ_t α_t dy_t, da = Σ_t dα_t x_t, dx_t += dα_t
// a.

/// α_t = x_t · a + c.
package func tokenScalars(
    of x: Matrix, _ a: UnsafePointer<Float>, plus c: Float = 0, into alpha: UnsafeMutablePointer<Float>
) {
    for r in 0..<x.rows { alpha[r] = dotProduct(x.row(r), a, x.columns) + c }
}

/// y_t += α_t v.
package func addOuterProduct(_ alpha: UnsafePointer<Float>, _ v: UnsafePointer<Float>, to y: Matrix) {
    for r in 0..<y.rows { VectorKernels.table.add_scaled(y.columns, alpha[r], v, y.row(r)) }
}

/// sums += Σ_t α_t x_t, with sums [f].
package func addWeightedColumnSums(
    of x: Matrix, by alpha: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>
) {
    for r in 0..<x.rows { VectorKernels.table.add_scaled(x.columns, alpha[r], x.row(r), sums) }
}

/// α_t = x_t · y_t, with α [T, 1].
package func rowProducts(of x: Matrix, _ y: Matrix, into alpha: Matrix) {
    for r in 0..<x.rows { alpha[r, 0] = dotProduct(x.row(r), y.row(r), x.columns) }
}

/// y_t += α_t x_t, with α [T, 1].
package func addScaledRows(of x: Matrix, by alpha: Matrix, to y: Matrix) {
    for r in 0..<x.rows { VectorKernels.table.add_scaled(x.columns, alpha[r, 0], x.row(r), y.row(r)) }
}
