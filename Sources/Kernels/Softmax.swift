#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// Softmax over the columns of each row: p = e^{s − max} / Σ e^{s − max}; s and p [n, n'].

/// The row stride to give attention scores, so that a row is a whole number of lanes.
public func paddedColumns(_ columns: Int) -> Int { (columns + laneCount - 1) / laneCount * laneCount }

/// Softmax of each row in place.
///
/// Rows whose stride leaves room for whole lanes are padded with −∞ first, so that the padding ends as zeros.
public func softmax(_ s: Matrix) {
    let n = s.columns
    let whole = s.stride >= paddedColumns(n) ? paddedColumns(n) : n / laneCount * laneCount
    for r in 0..<s.rows {
        let row = s.row(r)
        for c in n..<max(n, whole) { row[c] = -.infinity }
        var largest = -Float.infinity
        for c in 0..<n { largest = row[c] > largest ? row[c] : largest }
        var sums = Lanes()
        var c = 0
        while c < whole {
            var lanes = row.lanes(at: c)
            let padding = lanes .== -.infinity
            lanes = exponential(lanes - largest)
            lanes.replace(with: Lanes(), where: padding)
            row.store(lanes, at: c)
            sums += lanes
            c += laneCount
        }
        let rest = n - c
        if rest > 0 {
            let lanes = exponential(row.lanes(at: c, count: rest, filler: largest) - largest)
            row.store(lanes, at: c, count: rest)
            for lane in 0..<rest { sums[lane] += lanes[lane] }
        }
        let reciprocal = 1 / sums.total
        for c in 0..<max(n, whole) { row[c] *= reciprocal }
    }
}

/// dp becomes ds in place: ds = scale · p ⊙ (dp − Σ dp ⊙ p).
public func softmaxBackward(_ dp: Matrix, p: Matrix, scale: Float) {
    for r in 0..<dp.rows {
        let gradient = dp.row(r)
        let probability = p.row(r)
        let correlation = dotProduct(gradient, probability, dp.columns)
        for c in 0..<dp.columns { gradient[c] = probability[c] * (gradient[c] - correlation) * scale }
    }
}

/// log Σ e^x, for a loss; x [count].
public func logSumExp(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var largest = -Double.infinity
    for i in 0..<count { largest = max(largest, Double(x[i])) }
    var total = 0.0
    for i in 0..<count { total += exp(Double(x[i]) - largest) }
    return largest + log(total)
}
