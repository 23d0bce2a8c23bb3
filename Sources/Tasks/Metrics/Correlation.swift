/// Pearson's correlation of as many x as y, all finite and within Float's range; 0 where either is constant.
///
/// Each side is scaled by its largest deviation before squaring, so that neither huge nor tiny deviations
/// leave the range of Double.
func pearsonCorrelation(_ x: [Double], _ y: [Double]) -> Double {
    guard let u = unitDeviations(x), let v = unitDeviations(y) else { return 0 }
    let correlation = zip(u, v).reduce(0) { $0 + $1.0 * $1.1 }
    return min(1, max(-1, correlation))
}

/// (x − mean) / ‖x − mean‖, or nil where all x are the same and there is no direction.
private func unitDeviations(_ x: [Double]) -> [Double]? {
    // The mean of equal numbers may round away from them: compare the numbers.
    guard let first = x.first, x.contains(where: { $0 != first }) else { return nil }
    let mean = x.reduce(0, +) / Double(x.count)
    let deviations = x.map { $0 - mean }
    let largest = deviations.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return nil }
    let scaled = deviations.map { $0 / largest }
    let norm = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return scaled.map { $0 / norm }
}

/// The rank of each number from 1, equal numbers sharing the mean of the ranks they take up.
func averageRanks(_ x: [Double]) -> [Double] {
    let order = x.indices.sorted { x[$0] < x[$1] }
    var ranks = [Double](repeating: 0, count: x.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, x[order[end]] == x[order[start]] { end += 1 }
        // Positions start..<end hold ranks start + 1 ... end.
        for position in start..<end { ranks[order[position]] = Double(start + 1 + end) / 2 }
        start = end
    }
    return ranks
}
