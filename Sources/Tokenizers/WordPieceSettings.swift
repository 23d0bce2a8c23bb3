/// Everything that decides a WordPiece tokenizer's ids, whichever files it was read from.
struct WordPieceSettings: Sendable {
    /// The file that the vocabulary came from, for messages.
    var place: String
    var vocabulary: Vocabulary
    var text = BasicText()
    var unknownToken = "[UNK]"
    var beginToken = "[CLS]"
    var separateToken = "[SEP]"
    var continuingPrefix = "##"
    /// Longer words are unknown as a whole.
    var maximumScalars = 100
    var addedTokens: [AddedToken] = []

    /// The added tokens that have ids after the vocabulary's own, in the order of their ids.
    var tokensBeyondVocabulary: [String] {
        addedTokens.filter { Int($0.id) >= vocabulary.count }.sorted { $0.id < $1.id }.map(\.content)
    }

    /// A hash of all of it (FNV-1a, 128 bits), in 32 hexadecimal digits.
    var identity: String {
        var hash = Fingerprint()
        hash.add("wordpiece 1")
        for flag in [text.cleansText, text.isolatesChinese, text.stripsAccents, text.lowercases] {
            hash.add(flag)
        }
        for token in [unknownToken, beginToken, separateToken, continuingPrefix] { hash.add(token) }
        hash.add(maximumScalars)
        hash.add(vocabulary.count)
        for token in vocabulary.tokens { hash.add(token) }
        hash.add(addedTokens.count)
        for token in addedTokens {
            hash.add(token.content)
            hash.add(Int(token.id))
            for flag in [token.isSingleWord, token.stripsLeft, token.stripsRight, token.isNormalized] {
                hash.add(flag)
            }
        }
        return hash.hexadecimal
    }
}

/// FNV-1a in 128 bits over fields that each carry their length, so that no two lists of fields run together.
private struct Fingerprint {
    private var state: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d

    mutating func add(_ text: String) {
        add(text.utf8.count)
        for byte in text.utf8 { add(byte) }
    }

    mutating func add(_ flag: Bool) { add(flag ? 1 : 0 as UInt8) }

    mutating func add(_ number: Int) {
        for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    private mutating func add(_ byte: UInt8) {
        state = (state ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
    }

    var hexadecimal: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
