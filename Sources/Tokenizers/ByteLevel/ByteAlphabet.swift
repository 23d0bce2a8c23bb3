/// The characters that stand for bytes in a byte-level vocabulary, as in GPT-2.
///
/// Printable bytes of Latin-1 stand for themselves, and the others for U+0100 and on, so that a vocabulary
/// holds no blanks: a space is `Ġ`.
enum ByteAlphabet {
    /// The character of each byte.
    static let characters: [Character] = {
        var next: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            let isPrintable =
                (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
            defer { if !isPrintable { next += 1 } }
            return Character(Unicode.Scalar(isPrintable ? byte : next) ?? "\u{FFFD}")
        }
    }()
}
