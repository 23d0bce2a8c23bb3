/// Sums of losses as whole multiples of a power of two, so that they too are equal for any number of ranks.
///
/// The power is 2^-24, or for losses of 2^22 and more the finest for which no sum of a step's units can overflow.
enum FixedLoss {
    /// The biased exponent of infinities and NaNs.
    static let nonFinite: Int32 = 2047

    /// The biased exponent of a loss; a row's largest over all ranks is what its losses are scaled by.
    static func exponent(_ loss: Double) -> Int32 { Int32(loss.exponentBitPattern) }

    /// A loss in the units of a row's largest exponent.
    static func encode(_ loss: Double, exponent: Int32) -> Int64 {
        if exponent == nonFinite { return 0 }
        return Int64(scaled(loss, by: power(exponent)).rounded(.toNearestOrEven))
    }

    /// A sum of losses that were encoded with an exponent.
    static func decode(_ sum: Int64, exponent: Int32) -> Double { scaled(Double(sum), by: -power(exponent)) }

    /// With the largest biased exponent b, every loss is below 2^(b - 1022); a step has at most 2^16 units, so that their
    /// sum stays below 2^62.
    private static func power(_ exponent: Int32) -> Int { min(24, 62 - 16 - (Int(exponent) - 1022)) }

    private static func scaled(_ value: Double, by power: Int) -> Double {
        Double(sign: .plus, exponent: power, significand: value)
    }
}
