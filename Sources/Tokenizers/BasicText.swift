/// BERT's normaliser and its first cut into words, as Hugging Face's `BertNormalizer` and
/// `BertPreTokenizer` do them.
///
/// Everything works on Unicode scalars: a Swift `Character` is a grapheme cluster, which is another
/// notion of character than the one that the vocabulary was made with.
package struct BasicText: Sendable, Equatable {
    /// Whether control characters are removed and all white space becomes a plain space.
    package var cleansText: Bool
    /// Whether each Chinese character becomes a word of its own.
    package var isolatesChinese: Bool
    /// Whether text is decomposed and loses its nonspacing marks.
    package var stripsAccents: Bool
    /// Whether text is lower-cased, character by character, so that a final sigma is as any other.
    package var lowercases: Bool

    /// Makes a normaliser; accents follow case where nothing is said about them, as in BERT itself.
    package init(
        cleansText: Bool = true, isolatesChinese: Bool = true, stripsAccents: Bool? = nil,
        lowercases: Bool = true
    ) {
        self.cleansText = cleansText
        self.isolatesChinese = isolatesChinese
        self.stripsAccents = stripsAccents ?? lowercases
        self.lowercases = lowercases
    }

    /// The text as the vocabulary sees it.
    package func normalize(_ text: String) -> String {
        String(decoding: normalize(Array(text.utf8)[...]), as: UTF8.self)
    }

    /// The words of a normalised text: white space separates, and each punctuation mark is a word.
    package func words(in normalized: String) -> [String] {
        let bytes = Array(normalized.utf8)
        var words: [String] = []
        BasicText.forEachWord(in: bytes[...]) { range, _ in
            words.append(String(decoding: bytes[range], as: UTF8.self))
        }
        return words
    }

    /// Normalises valid UTF-8.
    func normalize(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.allSatisfy { $0 < 0x80 } ? normalizeASCII(bytes) : normalizeScalars(bytes)
    }

    /// ASCII has no accents and no Chinese characters; what is left is controls and case.
    private func normalizeASCII(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            if cleansText, byte < 0x20 || byte == 0x7F {
                if byte == 0x09 || byte == 0x0A || byte == 0x0D { result.append(0x20) }
            } else if lowercases, (0x41...0x5A).contains(byte) {
                result.append(byte | 0x20)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// The four steps in the reference's order: clean, isolate Chinese, strip accents, lower-case.
    private func normalizeScalars(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var text: [Unicode.Scalar] = []
        text.reserveCapacity(bytes.count)
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            var scalar = scalar
            if cleansText {
                if scalar.isRemovedByCleaning { continue }
                if scalar.isSeparator { scalar = " " }
            }
            if isolatesChinese, scalar.isChinese {
                text.append(contentsOf: [" ", scalar, " "])
            } else {
                text.append(scalar)
            }
        }
        if stripsAccents {
            text = Decomposition.decompose(text)
            text.removeAll(where: \.isAccent)
        }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 8)
        for scalar in text {
            if !lowercases {
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else if scalar.value < 0x80 {
                let byte = UInt8(truncatingIfNeeded: scalar.value)
                result.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
            } else if scalar.isLowercased {
                result.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            } else {
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return result
    }

    /// Visits the words of normalised UTF-8: each one's bytes, and how many scalars it has.
    static func forEachWord(in bytes: ArraySlice<UInt8>, _ visit: (Range<Int>, Int) -> Void) {
        var start = bytes.startIndex
        var scalars = 0
        var position = start
        while position < bytes.endIndex {
            let (separates, isolates, length) = boundary(bytes, at: position)
            if separates || isolates {
                if scalars > 0 { visit(start..<position, scalars) }
                if isolates { visit(position..<position + length, 1) }
                start = position + length
                scalars = 0
            } else {
                scalars += 1
            }
            position += length
        }
        if scalars > 0 { visit(start..<position, scalars) }
    }

    /// What the scalar at a place does to a word, and its length in bytes.
    private static func boundary(
        _ bytes: ArraySlice<UInt8>, at position: Int
    ) -> (separates: Bool, isolates: Bool, length: Int) {
        let byte = bytes[position]
        if byte < 0x80 {
            let scalar = Unicode.Scalar(byte)
            return (byte == 0x20 || (0x09...0x0D).contains(byte), scalar.isIsolated, 1)
        }
        let (scalar, length) = decodeScalar(bytes, at: position)
        return (scalar.isSeparator, scalar.isIsolated, length)
    }
}

/// The scalar whose UTF-8 begins at a place, and its length in bytes; the text is valid UTF-8.
func decodeScalar(_ bytes: ArraySlice<UInt8>, at position: Int) -> (scalar: Unicode.Scalar, length: Int) {
    let lead = UInt32(bytes[position])
    let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    var value = length == 1 ? lead : lead & (0x7F >> UInt32(length))
    for byte in bytes[(position + 1)...].prefix(length - 1) { value = value << 6 | UInt32(byte & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
}
