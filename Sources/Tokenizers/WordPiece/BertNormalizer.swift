/// BERT's normaliser, as Hugging Face's `BertNormalizer` does it.
///
/// It works on Unicode scalars, as the vocabulary was made: a Swift `Character` is a grapheme cluster.
package struct BertNormalizer: Normalizer, Equatable {
    /// Remove control characters and replace all white space by plain spaces.
    package var cleansText: Bool
    /// Set spaces around each Chinese character.
    package var isolatesChinese: Bool
    /// Decompose and remove nonspacing marks.
    package var stripsAccents: Bool
    /// Lower-case scalar by scalar: a final sigma is like any other.
    package var lowercases: Bool

    /// Accents follow case unless stated, as in BERT itself.
    package init(
        cleansText: Bool = true, isolatesChinese: Bool = true, stripsAccents: Bool? = nil,
        lowercases: Bool = true
    ) {
        self.cleansText = cleansText
        self.isolatesChinese = isolatesChinese
        self.stripsAccents = stripsAccents ?? lowercases
        self.lowercases = lowercases
    }

    package func normalize(_ text: String) -> String {
        String(decoding: normalize(Array(text.utf8)[...]), as: UTF8.self)
    }

    func normalize(_ text: ArraySlice<UInt8>) -> [UInt8] {
        text.allSatisfy { $0 < 0x80 } ? normalizeASCII(text) : normalizeScalars(text)
    }

    /// ASCII has no accents and no Chinese characters: controls and case remain.
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

    func add(to fingerprint: inout Fingerprint) {
        fingerprint.add("bert text")
        for flag in [cleansText, isolatesChinese, stripsAccents, lowercases] { fingerprint.add(flag) }
    }
}
