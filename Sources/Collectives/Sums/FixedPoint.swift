/// Fixed-point arithmetic on float vectors: the scale of a group, and the conversions there and back.
///
/// Written as loops over plain pointers, with no branch and no trap for any bit pattern, so that the
/// compiler turns them into vector instructions.
enum FixedPoint {
    /// The biased exponent of infinities and NaNs.
    static let nonFinite: Int32 = 255

    /// The largest biased exponent among the values: 0 for zeros and denormals, ``nonFinite`` for infinities and NaNs.
    static func largestExponent(_ values: UnsafePointer<Float>, count: Int) -> Int32 {
        // Without its sign bit, a float's pattern orders as its magnitude does.
        var largest: UInt32 = 0
        for i in 0..<count {
            let magnitude = values[i].bitPattern & 0x7fff_ffff
            largest = magnitude > largest ? magnitude : largest
        }
        return Int32(truncatingIfNeeded: largest >> 23)
    }

    /// The power of two k by which a group is scaled: the largest for which the sum of `units` values cannot overflow.
    ///
    /// With the largest biased exponent b, every |v| < 2^e where e = b - 126 (also for b = 0). With
    /// k = 62 - ceil(log2 units) - e each rounded |v| 2^k is at most 2^62 / units, and their sum at most 2^62.
    static func scalePower(largestExponent b: Int32, units: Int) -> Int {
        let logUnits = units <= 1 ? 0 : Int.bitWidth - (units - 1).leadingZeroBitCount
        return 62 - logUnits - (Int(b) - 126)
    }

    /// Adds each value times 2^power, rounded to the nearest whole number (ties to even), to the totals.
    ///
    /// The product v 2^power has up to 62 bits before its point, more than a Double's conversion by
    /// addition of 1.5 * 2^52 can carry. So it is cut into a high part, in units of 2^32, and the rest, each
    /// converted that way: the scaling and the rest are exact, and only the rest is rounded.
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

    /// Writes each total times 2^-power as the nearest float; false where one is too large to be a float.
    static func restore(
        _ totals: UnsafePointer<Int64>, count: Int, power: Int, into values: UnsafeMutablePointer<Float>
    ) -> Bool {
        let scale = Double(sign: .plus, exponent: -power, significand: 1)
        // Rounded to a float's 24 bits once, here; the scaling then is exact unless the result is denormal.
        for i in 0..<count { values[i] = Float(Double(Float(totals[i])) * scale) }
        return largestExponent(values, count: count) != nonFinite
    }
}
