/// The buckets of distances between tokens: near ones have one each, far ones share (arXiv 1910.10683,
/// section 2.1, as MPNet has it).
package enum RelativePositions {
    /// Half of them for later tokens, half for the token itself and earlier ones.
    package static let buckets = 32
    private static let ofDirection = buckets / 2
    /// Below this distance each has a bucket of its own; above, a bucket ends where log₂ of the squared
    /// distance, relative to this one's, reaches the next whole number: at 128 for the last one.
    private static let exact = ofDirection / 2

    /// The bucket of a later token, at i + distance, or an earlier one.
    package static func bucket(_ distance: Int) -> Int {
        let length = abs(distance)
        return (distance > 0 ? ofDirection : 0)
            + (length < exact ? length : min(ofDirection - 1, exact + halvings(length)))
    }

    /// ⌊log₂ (length² / exact²)⌋.
    private static func halvings(_ length: Int) -> Int {
        func exponent(_ square: Int) -> Int { Int.bitWidth - 1 - square.leadingZeroBitCount }
        return exponent(length * length) - exponent(exact * exact)
    }
}
