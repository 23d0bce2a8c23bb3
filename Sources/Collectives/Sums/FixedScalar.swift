/// Numbers beside the gradients, such as losses, as whole multiples of a power of two, so that their sum does
/// not depend on the number of ranks.
///
/// The quantum is the finest for which a step's sum cannot overflow.
enum FixedScalar {
    /// The biased exponent of infinities and NaNs.
    static let nonFinite: Int32 = 2047

    /// The biased exponent of a number.
    ///
    /// The largest over all ranks determines the quantum.
    static func exponent(_ value: Double) -> Int32 { Int32(value.exponentBitPattern) }

    /// A number as a multiple of the quantum for the largest exponent.
    static func encode(_ value: Double, exponent: Int32) -> Int64 {
        if exponent == nonFinite { return 0 }
        return Int64(scaled(value, by: power(exponent)).rounded(.toNearestOrEven))
    }

    /// The sum of numbers that were encoded with this exponent.
    static func decode(_ sum: Int64, exponent: Int32) -> Double { scaled(Double(sum), by: -power(exponent)) }

    /// With the largest biased exponent b, every magnitude is below 2^(b - 1022).
    ///
    /// A step has at most 2^16 contributions, so their sum is below 2^62.
    private static func power(_ exponent: Int32) -> Int { 62 - 16 - (Int(exponent) - 1022) }

    private static func scaled(_ value: Double, by power: Int) -> Double {
        Double(sign: .plus, exponent: power, significand: value)
    }
}
