import Training

/// The inner product of two gradients of a block, without pruned parameters, in double precision.
///
/// Eight partial sums, each over every eighth parameter, are added in a fixed order, so its bits are equal on
/// all processors.
func innerProduct(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ range: Range<Int>, _ mask: ParameterMask?
) -> Double {
    var sums = SIMD8<Double>()
    let whole = range.count / 8 * 8
    let (x, y) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
    for i in stride(from: 0, to: whole, by: 8) {
        let left = x.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
        let right = y.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
        sums += SIMD8<Double>(left) * SIMD8<Double>(right)
    }
    for i in whole..<range.count { sums[i - whole] += Double(a[i]) * Double(b[i]) }
    let total = (0..<8).reduce(0) { $0 + sums[$1] }
    guard let mask, mask.removedCount(in: range) > 0 else { return total }
    return range.indices.reduce(0) { sum, index in
        let i = index - range.lowerBound
        return mask.keeps(index) ? sum + Double(a[i]) * Double(b[i]) : sum
    }
}
