import Diagnostics

/// The mean of the offsets, shortened by how much they point apart.
///
/// With N adapters and the mean c of their pairwise cosines the result is t times the mean, where
/// t = N c / (1 + (N − 1) c). A cosine's denominator is at least 1e-6. Offsets that point apart (c < 0)
/// have nothing in common and give 0; the formula would turn the mean around, without bound at
/// c = −1/(N − 1).
struct Stock: MergeRule {
    static let name = "stock"
    static let summary = "the mean, shortened by how much the adapters point apart"
    static let source = "Jang et al., Model Stock, 2024 (arXiv 2403.19522)"
    static let takesWeights = false

    func merged(_ tensor: TensorOffsets) -> [Float] {
        let share = Self.share(count: Double(tensor.offsets.count), cosine: Self.meanCosine(tensor.offsets))
        return (0..<tensor.count).map { entry in
            let sum = tensor.offsets.reduce(0) { $0 + Double($1[entry]) }
            return Float(share * sum / Double(tensor.offsets.count))
        }
    }

    private static func share(count: Double, cosine: Double) -> Double {
        cosine > 0 ? count * cosine / (1 + (count - 1) * cosine) : 0
    }

    private static func meanCosine(_ offsets: [[Float]]) -> Double {
        let norms = offsets.map { product($0, $0).squareRoot() }
        var (sum, pairs) = (0.0, 0)
        for first in offsets.indices {
            for second in offsets.indices where second > first {
                let scale = max(1e-6, norms[first] * norms[second])
                sum += min(1, max(-1, product(offsets[first], offsets[second]) / scale))
                pairs += 1
            }
        }
        return pairs > 0 ? sum / Double(pairs) : 1
    }

    private static func product(_ left: [Float], _ right: [Float]) -> Double {
        zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
}
