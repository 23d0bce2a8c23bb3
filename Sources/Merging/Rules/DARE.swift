import Diagnostics

/// The weighted sum of offsets of which a random share is kept and rescaled.
///
/// Each entry of each adapter is kept with the probability `density` and divided by it, so that its expected
/// value stays.
struct DARE: ThinningRule, RandomRule {
    static let name = "dare"
    static let summary = "the weighted sum of randomly kept, rescaled entries"
    static let source = "Yu et al., Language Models are Super Mario, 2023 (arXiv 2311.03099)"
    static let keys = [
        densityKey,
        MethodKey(
            "seed", \DARE.seed, allowed: "a whole number from 0 below 2^64", "that of the random numbers"),
    ]
    var density = 0.5
    var seed: UInt64 = 42

    func merged(_ tensor: TensorOffsets) -> [Float] {
        tensor.weightedSums { adapter, entry in
            tensor.choice.keeps(entry, of: adapter)
                ? Double(tensor.offsets[adapter][entry]) / density : 0
        }
        .map { Float($0) }
    }
}
