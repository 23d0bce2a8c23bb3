/// Exact conversion of buffers of 16-bit floats, at any alignment, to `Float`.
///
/// Branch-free integer code: on baseline x86-64 the library converts `Float16` by a function call per
/// element, twelve times slower. Swift has no bfloat16 type.
package enum HalfPrecision {
    /// Widens IEEE half precision (F16): 1 sign, 5 exponent and 10 fraction bits.
    package static func widenFloat16(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(source.count == 2 * destination.count)
        for index in 0..<destination.count {
            let half = UInt32(
                UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
            // The exact product with 2^112 changes the exponent's bias from 15 to 127 and normalizes
            // subnormals. Infinities and NaNs then get the maximum exponent.
            let magnitude = Float(bitPattern: (half & 0x7fff) << 13) * Float(bitPattern: 0x7780_0000)
            let infinite: UInt32 = (half & 0x7c00) == 0x7c00 ? 0x7f80_0000 : 0
            destination[index] = Float(bitPattern: magnitude.bitPattern | infinite | (half & 0x8000) << 16)
        }
    }

    /// Widens bfloat16 (BF16): the upper half of a `Float`.
    package static func widenBFloat16(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(source.count == 2 * destination.count)
        for index in 0..<destination.count {
            let upper = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            destination[index] = Float(bitPattern: UInt32(upper) << 16)
        }
    }
}
