/// Losses as whole multiples of a power of two, so that their sum does not depend on the number of ranks.
///
/// The quantum is 2^-24, or for losses of 2^22 and above the finest for which a step's sum cannot overflow.
enum FixedLoss {
    /// The biased exponent of infinities and NaNs.
    static let nonFinite: Int32 = 2047

    /// The biased exponent of a loss.
    ///
    /// The largest of a row over all ranks determines its quantum.
    static func exponent(_ loss: Double) -> Int32 { Int32(loss.exponentBitPattern) }

    /// A loss as a multiple of the quantum for a row's largest exponent.
    static func encode(_ loss: Double, exponent: Int32) -> Int64 {
        if exponent == nonFinite { return 0 }
        return Int64(scaled(loss, by: power(exponent)).rounded(.toNearestOrEven))
    }

    /// The sum of losses that were encoded with this exponent.
    static func decode(_ sum: Int64, exponent: Int32) -> Double { scaled(Double(sum), by: -power(exponent)) }

    /// With the largest biased exponent b, every loss is below 2^(b - 1022).
    ///
    /// A step has at most 2^16 contributions, so their sum is below 2^62.
    private static func power(_ exponent: Int32) -> Int { min(24, 62 - 16 - (Int(exponent) - 1022)) }

    private static func scaled(_ value: Double, by power: Int) -> Double {
        Double(sign: .plus, exponent: power, significand: value)
    }
}
