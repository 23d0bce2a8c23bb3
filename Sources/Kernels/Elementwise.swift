// Passes over whole buffers: sums, scales, shifts. T tokens, d columns.

/// y_t += x_t for every element; x and y [T, d].
public func add(_ x: Matrix, to y: Matrix) {
    precondition(x.rows == y.rows && x.columns == y.columns, "sum of different shapes")
    for r in 0..<y.rows {
        let source = x.row(r)
        let target = y.row(r)
        for c in 0..<y.columns { target[c] += source[c] }
    }
}

/// y ⊙= x for every element; x and y [T, d].
public func multiplyElements(of y: Matrix, by x: Matrix) {
    precondition(x.rows == y.rows && x.columns == y.columns, "product of different shapes")
    for r in 0..<y.rows {
        let source = x.row(r)
        let target = y.row(r)
        for c in 0..<y.columns { target[c] *= source[c] }
    }
}

/// sums += Σ_t x_t, with x [T, d], sums [d].
public func addColumnSums(of x: Matrix, to sums: UnsafeMutablePointer<Float>) {
    for r in 0..<x.rows {
        let row = x.row(r)
        for c in 0..<x.columns { sums[c] += row[c] }
    }
}

/// sums += Σ_t x_t ⊙ y_t, with x and y [T, d], sums [d].
public func addColumnSums(ofProduct x: Matrix, _ y: Matrix, to sums: UnsafeMutablePointer<Float>) {
    precondition(x.rows == y.rows && x.columns == y.columns, "product of different shapes")
    for r in 0..<x.rows {
        let first = x.row(r)
        let second = y.row(r)
        for c in 0..<x.columns { sums[c] += first[c] * second[c] }
    }
}

/// y_t = w ⊙ y_t + b in place, with y [T, d], w and b [d].
public func scaleAndShift(_ y: Matrix, by w: UnsafePointer<Float>, _ b: UnsafePointer<Float>) {
    for r in 0..<y.rows {
        let row = y.row(r)
        for c in 0..<y.columns { row[c] = w[c] * row[c] + b[c] }
    }
}

/// y_t ⊙= w in place, with y [T, d], w [d].
public func scale(_ y: Matrix, by w: UnsafePointer<Float>) {
    for r in 0..<y.rows {
        let row = y.row(r)
        for c in 0..<y.columns { row[c] *= w[c] }
    }
}

/// The backward of ``scaleAndShift(_:by:_:)``: dw += Σ_t dy_t ⊙ x_t, db += Σ_t dy_t, then dy_t ⊙= w in place.
///
/// x [T, d] is the value before the forward; dw and db may be left out. Without db it is the backward of
/// ``scale(_:by:)``.
public func scaleAndShiftBackward(
    _ dy: Matrix, x: Matrix, w: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>?, db: UnsafeMutablePointer<Float>?
) {
    for r in 0..<dy.rows {
        let gradient = dy.row(r)
        let value = x.row(r)
        if let dw {
            for c in 0..<dy.columns { dw[c] += gradient[c] * value[c] }
        }
        if let db {
            for c in 0..<dy.columns { db[c] += gradient[c] }
        }
        for c in 0..<dy.columns { gradient[c] *= w[c] }
    }
}

/// y = tanh y in place.
public func tanh(_ y: Matrix) {
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
public func tanhBackward(_ dy: Matrix, y: Matrix) {
    for r in 0..<dy.rows {
        let gradient = dy.row(r)
        let value = y.row(r)
        for c in 0..<dy.columns { gradient[c] *= 1 - value[c] * value[c] }
    }
}
