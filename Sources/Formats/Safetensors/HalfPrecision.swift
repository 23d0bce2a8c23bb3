/// Widening 16-bit floats to `Float`, exactly, for whole buffers of any alignment.
///
/// Written without branches on the bits: the library conversion of `Float16` is a call per element on
/// baseline x86-64, twelve times slower. There is no bfloat16 type in Swift.
package enum HalfPrecision {
    /// Widens IEEE half precision (F16): 1 sign, 5 exponent and 10 fraction bits.
    package static func widenFloat16(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(source.count == 2 * destination.count)
        for index in 0..<destination.count {
            let half = UInt32(
                UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
            // The exponent moves from bias 15 to bias 127 by an exact product with 2^112, which
            // also normalises subnormals; infinity and not-a-number then get the full exponent.
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
