import CKernels

// A matrix whose elements depend on j − i alone is given by one number for each diagonal: its line, in which
// diagonal δ has the index δ + origin. y [n, m], line [origin + m].

/// y[i, j] += line[j − i + origin]; the origin is at least n − 1.
package func addDiagonals(_ line: UnsafePointer<Float>, origin: Int, to y: Matrix) {
    precondition(origin >= y.rows - 1, "a line begins below the last row's first element")
    for i in 0..<y.rows { VectorKernels.table.add(y.columns, line + (origin - i), y.row(i)) }
}

/// The backward of ``addDiagonals(_:origin:to:)``: line[δ + origin] += Σ dy[i, j] with j − i = δ.
package func addDiagonalSums(of dy: Matrix, to line: UnsafeMutablePointer<Float>, origin: Int) {
    precondition(origin >= dy.rows - 1, "a line begins below the last row's first element")
    for i in 0..<dy.rows { VectorKernels.table.add(dy.columns, dy.row(i), line + (origin - i)) }
}
