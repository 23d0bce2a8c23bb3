/// The 95 % confidence interval of a mean by the percentiles of its bootstrap distribution (Efron, 1979).
///
/// Up to six values have at most 46,656 resamples, which are all counted; for more, 20,000 are drawn, always
/// the same ones. An interval of n values cannot leave their range, and of two or three it is that range.
package func bootstrapInterval(_ values: [Double]) -> ClosedRange<Double> {
    let means = (values.count <= 6 ? allResamples(values) : drawnResamples(values)).sorted()
    let outside = Int(0.025 * Double(means.count))
    return means[outside]...means[means.count - 1 - outside]
}

/// The means of all nⁿ ordered resamples of n values.
private func allResamples(_ values: [Double]) -> [Double] {
    let count = values.count
    let total = (0..<count).reduce(1) { total, _ in total * count }
    return (0..<total).map { index in
        var (rest, sum) = (index, 0.0)
        for _ in 0..<count {
            sum += values[rest % count]
            rest /= count
        }
        return sum / Double(count)
    }
}

private func drawnResamples(_ values: [Double]) -> [Double] {
    var random = SplitMix64(seed: 0)
    return (0..<20_000).map { _ in
        values.reduce(0) { sum, _ in sum + values[Int.random(in: values.indices, using: &random)] }
            / Double(values.count)
    }
}

/// A generator of random numbers with a seed (Steele, Lea and Flood, 2014).
private struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
