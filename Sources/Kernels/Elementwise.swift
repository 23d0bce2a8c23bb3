import CKernels

// Sums, scales and shifts of whole matrices. T tokens, d columns.

/// y_t += x_t for every element; x and y [T, d].
package func add(_ x: Matrix, to y: Matrix) {
    timed(.elementwise) { x.forEachRun(with: y) { VectorKernels.table.add($0, $1, $2) } }
}

/// y ⊙= x for every element; x and y [T, d].
package func multiplyElements(of y: Matrix, by x: Matrix) {
    timed(.elementwise) { x.forEachRun(with: y) { VectorKernels.table.multiply($0, $1, $2) } }
}

/// sums += Σ_t x_t, with x [T, d], sums [d].
package func addColumnSums(of x: Matrix, to sums: UnsafeMutablePointer<Float>) {
    timed(.elementwise) {
        for r in 0..<x.rows { VectorKernels.table.add(x.columns, x.row(r), sums) }
    }
}

/// sums += Σ_t x_t ⊙ y_t, with x and y [T, d], sums [d].
package func addColumnSums(ofProduct x: Matrix, _ y: Matrix, to sums: UnsafeMutablePointer<Float>) {
    precondition(x.rows == y.rows && x.columns == y.columns, "product of different shapes")
    for r in 0..<x.rows { VectorKernels.table.add_products(x.columns, x.row(r), y.row(r), sums) }
}

/// y_t = w ⊙ y_t + b in place, with y [T, d], w and b [d].
package func scaleAndShift(_ y: Matrix, by w: UnsafePointer<Float>, _ b: UnsafePointer<Float>) {
    for r in 0..<y.rows { VectorKernels.table.scale_and_shift(y.columns, w, b, y.row(r)) }
}

/// y_t ⊙= w in place, with y [T, d], w [d].
package func scale(_ y: Matrix, by w: UnsafePointer<Float>) {
    for r in 0..<y.rows { VectorKernels.table.scale_and_shift(y.columns, w, nil, y.row(r)) }
}

/// The backward of ``scaleAndShift(_:by:_:)``: dw += Σ_t dy_t ⊙ x_t, db += Σ_t dy_t, then dy_t ⊙= w in place.
///
/// x [T, d] is the value before the forward. dw and db may be nil; without db it is the backward of
/// ``scale(_:by:)``.
package func scaleAndShiftBackward(
    _ dy: Matrix, x: Matrix, w: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>?, db: UnsafeMutablePointer<Float>?
) {
    for r in 0..<dy.rows {
        let gradient = dy.row(r)
        if let dw { VectorKernels.table.add_products(dy.columns, gradient, x.row(r), dw) }
        if let db { VectorKernels.table.add(dy.columns, gradient, db) }
        VectorKernels.table.scale_and_shift(dy.columns, w, nil, gradient)
    }
}

/// y = tanh y in place.
package func tanh(_ y: Matrix) {
    for r in 0..<y.rows {
        let row = y.row(r)
        var c = 0
        while c + laneCount <= y.columns {
            row.store(hyperbolicTangent(row.lanes(at: c)), at: c)
            c += laneCount
        }
        let rest = y.columns - c
        if rest > 0 { row.store(hyperbolicTangent(row.lanes(at: c, count: rest)), at: c, count: rest) }
    }
}

/// The backward of ``tanh(_:)``: dy ⊙= 1 − y², with y the forward's result.
package func tanhBackward(_ dy: Matrix, y: Matrix) {
    for r in 0..<dy.rows {
        let gradient = dy.row(r)
        let value = y.row(r)
        for c in 0..<dy.columns { gradient[c] *= 1 - value[c] * value[c] }
    }
}
