/// Pearson's correlation of equally many x and y, finite and within Float's range; 0 if either is constant.
///
/// Deviations are divided by the largest before squaring, so that squares neither overflow nor underflow.
func pearsonCorrelation(_ x: [Double], _ y: [Double]) -> Double {
    guard let u = unitDeviations(x), let v = unitDeviations(y) else { return 0 }
    let correlation = zip(u, v).reduce(0) { $0 + $1.0 * $1.1 }
    return min(1, max(-1, correlation))
}

/// (x − mean) / ‖x − mean‖, or nil if all x are equal.
private func unitDeviations(_ x: [Double]) -> [Double]? {
    // Compare the numbers themselves: the rounded mean of equal numbers may differ from them.
    guard let first = x.first, x.contains(where: { $0 != first }) else { return nil }
    let mean = x.reduce(0, +) / Double(x.count)
    let deviations = x.map { $0 - mean }
    let largest = deviations.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return nil }
    let scaled = deviations.map { $0 / largest }
    let norm = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return scaled.map { $0 / norm }
}

/// The rank of each number, from 1; ties share their mean rank.
func averageRanks(_ x: [Double]) -> [Double] {
    let order = x.indices.sorted { x[$0] < x[$1] }
    var ranks = [Double](repeating: 0, count: x.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, x[order[end]] == x[order[start]] { end += 1 }
        // Positions start..<end have ranks start + 1 ... end.
        for position in start..<end { ranks[order[position]] = Double(start + 1 + end) / 2 }
        start = end
    }
    return ranks
}
