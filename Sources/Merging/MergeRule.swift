/// A rule that merges the trained offsets of several adapters.
///
/// An offset τ is a parameter's value minus its value before the first update, so that an adapter with zero
/// offsets changes nothing. A rule sees one tensor at a time. It is a file in `Rules/` and a line in
/// ``MergeTable``.
package protocol MergeRule: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line of explanation.
    static var summary: String { get }
    /// Where the rule was published.
    static var source: String { get }
    /// The share of entries that each adapter keeps if none is given; nil for a rule that keeps all.
    static var standardDensity: Double? { get }
    /// Whether the adapters can be weighted.
    static var takesWeights: Bool { get }
    /// Whether the rule draws random numbers.
    static var isRandom: Bool { get }

    /// The merged offset, of the length of every adapter's.
    static func merged(_ tensor: TensorOffsets) -> [Float]
}

extension MergeRule {
    package static var standardDensity: Double? { nil }
    package static var takesWeights: Bool { true }
    package static var isRandom: Bool { false }
}
