import Diagnostics

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
