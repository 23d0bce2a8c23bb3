/// How far found numbers may be from expected ones: `absolute` + `relative` · the largest expected magnitude.
package struct Tolerance: Sendable {
    /// The part that doesn't depend on the numbers.
    package let absolute: Double
    /// The part that grows with the largest expected number of the array.
    package let relative: Double

    /// Names one part or both.
    package init(absolute: Double = 0, relative: Double = 0) {
        self.absolute = absolute
        self.relative = relative
    }
}

/// A description of the mismatch, or nil: a wrong count first, then the worst number and its index.
///
/// A test writes `#expect(mismatch(found, expected, …) == nil)`, and its failure shows this text.
package func mismatch(
    _ found: [some BinaryFloatingPoint], _ expected: [some BinaryFloatingPoint], _ tolerance: Tolerance,
    _ label: String = ""
) -> String? {
    let prefix = label.isEmpty ? "" : "\(label): "
    guard found.count == expected.count else {
        return "\(prefix)found \(found.count) numbers, expected \(expected.count)"
    }
    let found = found.map { Double($0) }
    let expected = expected.map { Double($0) }
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let limit = tolerance.absolute + tolerance.relative * largest
    var worst = (index: 0, error: 0.0)
    for index in found.indices where found[index] != expected[index] {
        let error = abs(found[index] - expected[index])
        // Not-a-number is worse than anything.
        let counted = error.isNaN ? Double.infinity : error
        if counted > worst.error { worst = (index, counted) }
    }
    if worst.error <= limit { return nil }
    return "\(prefix)at \(worst.index) of \(found.count) found \(found[worst.index]), expected "
        + "\(expected[worst.index]): off by \(worst.error), allowed \(limit)"
}

/// A description of the first different bits, or nil.
package func differingBits(_ found: [Float], _ expected: [Float], _ label: String = "") -> String? {
    let prefix = label.isEmpty ? "" : "\(label): "
    guard found.count == expected.count else {
        return "\(prefix)found \(found.count) numbers, expected \(expected.count)"
    }
    guard let index = found.indices.first(where: { found[$0].bitPattern != expected[$0].bitPattern }) else {
        return nil
    }
    return "\(prefix)at \(index) found \(found[index]), expected the bits of \(expected[index])"
}
