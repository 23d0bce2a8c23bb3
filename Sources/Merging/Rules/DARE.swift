/// The weighted sum of offsets of which a random share is kept and rescaled.
///
/// Each entry of each adapter is kept with the probability `density` and divided by it, so that its expected
/// value stays.
struct DARE: MergeRule {
    static let name = "dare"
    static let summary = "the weighted sum of randomly kept, rescaled entries"
    static let source = "Yu et al., Language Models are Super Mario, 2023 (arXiv 2311.03099)"
    static let standardDensity: Double? = 0.5
    static let isRandom = true

    static func merged(_ tensor: TensorOffsets) -> [Float] {
        tensor.weightedSums { adapter, entry in
            tensor.choice.keeps(entry, of: adapter)
                ? Double(tensor.offsets[adapter][entry]) / tensor.density : 0
        }
        .map { Float($0) }
    }
}
