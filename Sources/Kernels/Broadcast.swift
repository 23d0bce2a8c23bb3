import CKernels

// A vector added to every row, and its gradient; y and dy [T, d], b and db [d].

/// y_t += scale · b for every row.
package func addToRows(of y: Matrix, _ b: UnsafePointer<Float>, scale: Float = 1) {
    for r in 0..<y.rows { VectorKernels.table.add_scaled(y.columns, scale, b, y.row(r)) }
}

/// The backward of ``addToRows(of:_:scale:)`` at b: db += scale · Σ_t dy_t.
package func addToRowsBackward(_ dy: Matrix, scale: Float = 1, into db: UnsafeMutablePointer<Float>) {
    for r in 0..<dy.rows { VectorKernels.table.add_scaled(dy.columns, scale, dy.row(r), db) }
}
