package import Diagnostics

/// A rule that merges the trained offsets of several adapters.
///
/// An offset τ is a parameter's value minus its value before the first update, so that an adapter with zero
/// offsets changes nothing. A rule sees one tensor at a time. It is a file in `Rules/` and a line in
/// ``MergeTable``.
package protocol MergeRule: PublishedMethod {
    /// Whether the adapters can be weighted; true by default.
    static var takesWeights: Bool { get }

    /// Whether an offset that several adapters have counts as often; false by default.
    static var addsWeights: Bool { get }

    /// Whether the result depends on the common start; not if it is a mean of the values; true by default.
    static var readsStart: Bool { get }

    /// The merged offset, of the length of every adapter's.
    func merged(_ tensor: TensorOffsets) -> [Float]
}

extension MergeRule {
    package static var table: MethodTable { MergeTable.methods }
    package static var takesWeights: Bool { true }
    package static var addsWeights: Bool { false }
    package static var readsStart: Bool { true }

    /// The requirement that weights fail; nil if they can be used.
    static func problem(with weights: [Double]) -> String? {
        if addsWeights {
            // A sum that cancels would divide by little more than rounding.
            let (sum, size) = (weights.reduce(0, +), weights.reduce(0) { $0 + abs($1) })
            if !(sum >= 1e-6 * size && sum > 0) { return "numbers whose sum is positive and not almost 0" }
        }
        return weights.allSatisfy { abs($0) <= 1e6 } ? nil : "numbers from -1000000 to 1000000"
    }
}
