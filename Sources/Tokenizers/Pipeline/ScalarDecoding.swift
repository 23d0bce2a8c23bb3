/// Scalars of valid UTF-8, with their length in bytes.
extension ArraySlice<UInt8> {
    /// The scalar that begins at an index.
    func scalar(at position: Int) -> (scalar: Unicode.Scalar, length: Int) {
        let lead = UInt32(self[position])
        let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var value = length == 1 ? lead : lead & (0x7F >> UInt32(length))
        for byte in self[(position + 1)...].prefix(length - 1) { value = value << 6 | UInt32(byte & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }

    /// The scalar before an index; nil at the start.
    func scalar(endingAt end: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        guard end > startIndex else { return nil }
        var start = end - 1
        while start > startIndex, self[start] & 0xC0 == 0x80 { start -= 1 }
        return scalar(at: start)
    }
}
