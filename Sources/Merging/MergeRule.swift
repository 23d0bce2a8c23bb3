package import Diagnostics

/// A rule that merges the trained offsets of several adapters.
///
/// An offset τ is a parameter's value minus its value before the first update, so that an adapter with zero
/// offsets changes nothing. A rule sees one tensor at a time. It is a file in `Rules/` and a line in
/// ``MergeTable``.
package protocol MergeRule: PublishedMethod {
    /// Whether the adapters can be weighted; true by default.
    static var takesWeights: Bool { get }

    /// The merged offset, of the length of every adapter's.
    func merged(_ tensor: TensorOffsets) -> [Float]
}

extension MergeRule {
    package static var table: MethodTable { MergeTable.methods }
    package static var takesWeights: Bool { true }
}

/// A rule that keeps a share of each adapter's entries.
package protocol ThinningRule: MergeRule {
    /// The share of entries that each adapter keeps.
    var density: Double { get set }
}

extension ThinningRule {
    static var densityKey: MethodKey<Self> {
        MethodKey(
            "density", \Self.density, allowed: "above 0, at most 1", "the share of entries that are kept"
        ) { $0 > 0 && $0 <= 1 ? nil : "is \($0), expected more than 0, at most 1" }
    }
}

/// A rule that draws random numbers.
package protocol RandomRule: MergeRule {
    var seed: UInt64 { get set }
}
