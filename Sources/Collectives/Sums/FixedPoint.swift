/// Fixed-point arithmetic on float vectors: the scale of a group, and conversion in both directions.
///
/// The loops run over plain pointers and neither branch nor trap for any bit pattern, so that the compiler
/// can vectorize them.
enum FixedPoint {
    /// The biased exponent of infinities and NaNs.
    static let nonFinite: Int32 = 255

    /// The largest biased exponent among the values: 0 for zeros and denormals, ``nonFinite`` for infinities
    /// and NaNs.
    static func largestExponent(_ values: UnsafePointer<Float>, count: Int) -> Int32 {
        // Without the sign bit, floats order as their bit patterns do.
        var largest: UInt32 = 0
        for i in 0..<count {
            let magnitude = values[i].bitPattern & 0x7fff_ffff
            largest = magnitude > largest ? magnitude : largest
        }
        return Int32(truncatingIfNeeded: largest >> 23)
    }

    /// The power k of the scale 2^k of a group: the largest for which the sum of n terms cannot overflow.
    ///
    /// With the largest biased exponent b, every |v| < 2^e where e = b - 126 (also for b = 0). With
    /// k = 62 - ceil(log2 n) - e, each rounded |v| 2^k is at most 2^62 / n, and the sum at most 2^62.
    static func scalePower(largestExponent b: Int32, terms n: Int) -> Int {
        let logTerms = n <= 1 ? 0 : Int.bitWidth - (n - 1).leadingZeroBitCount
        return 62 - logTerms - (Int(b) - 126)
    }

    /// Adds each value times 2^power, rounded to the nearest integer (ties to even), to the totals.
    ///
    /// The product v 2^power has up to 62 integer bits, too many to convert a Double by adding 1.5 * 2^52.
    /// Therefore it is split into a multiple of 2^32 and a remainder, each converted that way. The scaling
    /// and the split are exact; only the remainder is rounded.
    static func accumulate(
        _ values: UnsafePointer<Float>, count: Int, power: Int, into totals: UnsafeMutablePointer<Int64>
    ) {
        let scale = Double(sign: .plus, exponent: power - 32, significand: 1)
        let magic = 0x1.8p52
        let bias = Int64(bitPattern: magic.bitPattern)
        for i in 0..<count {
            let scaled = Double(values[i]) * scale
            let shifted = scaled + magic
            let rest = (scaled - (shifted - magic)) * 0x1p32
            let high = Int64(bitPattern: shifted.bitPattern) &- bias
            let low = Int64(bitPattern: (rest + magic).bitPattern) &- bias
            totals[i] = totals[i] &+ (high &<< 32) &+ low
        }
    }

    /// Writes each total times 2^-power as the nearest float; false if any overflows.
    static func restore(
        _ totals: UnsafePointer<Int64>, count: Int, power: Int, into values: UnsafeMutablePointer<Float>
    ) -> Bool {
        let scale = Double(sign: .plus, exponent: -power, significand: 1)
        // Float() rounds to 24 bits, once; the scaling is then exact unless the result is denormal.
        for i in 0..<count { values[i] = Float(Double(Float(totals[i])) * scale) }
        return largestExponent(values, count: count) != nonFinite
    }
}
