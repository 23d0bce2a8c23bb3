import CKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// Softmax over the columns of each row: p = e^{s − max} / Σ e^{s − max}; s and p [n, n'].

/// The row stride of attention scores: a whole number of vectors.
package func paddedColumns(_ columns: Int) -> Int { (columns + 15) / 16 * 16 }

/// Softmax of each row in place.
///
/// If the stride leaves room for whole vectors, rows are padded with −∞, so the padding becomes zeros.
package func softmax(_ s: Matrix) {
    let whole = s.stride >= paddedColumns(s.columns) ? paddedColumns(s.columns) : s.columns
    VectorKernels.table.softmax(s.rows, s.columns, whole, s.base, s.stride)
}

/// Overwrites dp with ds = scale · p ⊙ (dp − Σ dp ⊙ p).
package func softmaxBackward(_ dp: Matrix, p: Matrix, scale: Float) {
    precondition(dp.rows == p.rows && dp.columns == p.columns, "a softmax's gradient of another shape")
    VectorKernels.table.softmax_backward(dp.rows, dp.columns, scale, dp.base, dp.stride, p.base, p.stride)
}

/// log Σ e^x, for a loss; x [count].
package func logSumExp(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var largest = -Double.infinity
    for i in 0..<count { largest = max(largest, Double(x[i])) }
    var total = 0.0
    for i in 0..<count { total += exp(Double(x[i]) - largest) }
    return largest + log(total)
}
