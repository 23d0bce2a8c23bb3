import Diagnostics

/// Spearman's rank correlation: the correlation of ranks, of which equal values get the mean.
///
/// - Returns: nil for fewer than two pairs, or if all values of one side are equal
package func rankCorrelation(_ left: [Double], _ right: [Double]) -> Double? {
    let (a, b) = (ranks(left), ranks(right))
    guard let meanA = a.mean, let meanB = b.mean, a.count == b.count, a.count > 1 else { return nil }
    var (product, squareA, squareB) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
        product += (x - meanA) * (y - meanB)
        squareA += (x - meanA) * (x - meanA)
        squareB += (y - meanB) * (y - meanB)
    }
    let scale = (squareA * squareB).squareRoot()
    return scale > 0 ? product / scale : nil
}

/// The ranks of values from 1, the smallest, of which equal values get the mean.
func ranks(_ values: [Double]) -> [Double] {
    values.map { value in
        let below = values.count { $0 < value }
        let equal = values.count { $0 == value }
        return Double(below) + Double(equal + 1) / 2
    }
}
