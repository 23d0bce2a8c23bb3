import Diagnostics

/// The mean of the largest offsets that agree with the elected sign.
///
/// Each adapter keeps its ⌊density · n⌋ largest entries by magnitude, of equal ones the first. The sign of
/// an entry is that of the sum of the kept offsets, + for 0. The result is Σ w τ over the adapters with that
/// sign, divided by their number.
struct TIES: ThinningRule {
    static let name = "ties"
    static let summary = "the mean of the largest entries that agree with the elected sign"
    static let source = "Yadav et al., TIES-Merging, 2023 (arXiv 2306.01708)"
    static let keys = [densityKey]
    var density = 0.2

    func merged(_ tensor: TensorOffsets) -> [Float] {
        let kept = tensor.offsets.map { largest($0) }
        let isNegative = (0..<tensor.count).map { entry in
            kept.reduce(0) { $0 + Double($1[entry]) } < 0
        }
        func agrees(_ adapter: Int, _ entry: Int) -> Bool {
            isNegative[entry] ? kept[adapter][entry] < 0 : kept[adapter][entry] > 0
        }
        let sums = tensor.weightedSums { agrees($0, $1) ? Double(kept[$0][$1]) : 0 }
        return sums.enumerated().map { entry, sum in
            let count = kept.indices.count { agrees($0, entry) }
            return Float(sum / Double(max(1, count)))
        }
    }

    /// The values with all but the largest magnitudes set to zero.
    private func largest(_ values: [Float]) -> [Float] {
        let count = Int(density * Double(values.count))
        let order = values.indices.sorted { left, right in
            let (a, b) = (abs(values[left]), abs(values[right]))
            return a == b ? left < right : a > b
        }
        var kept = [Float](repeating: 0, count: values.count)
        for index in order.prefix(count) { kept[index] = values[index] }
        return kept
    }
}
