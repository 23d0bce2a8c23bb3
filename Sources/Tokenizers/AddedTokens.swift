/// A token that is found in the text itself, before it is cut into words.
struct AddedToken: Sendable, Equatable {
    var content: String
    var id: Int32
    /// Matches only where no word character touches it.
    var isSingleWord = false
    /// Takes the white space before it, after it.
    var stripsLeft = false
    var stripsRight = false
    /// Is looked for, in its own normalised form, in the normalised text.
    var isNormalized = false
}

/// The added tokens of one kind (raw or normalised), and where they cut a text.
///
/// At each place the longest token wins, and the search goes on after it. A match that single-word
/// rejects is passed over as a whole, as in the reference.
struct AddedTokens: Sendable {
    /// A stretch of text, or a token found in it.
    enum Piece {
        case text(Range<Int>)
        case token(Int32)
    }

    private let tokens: [AddedToken]
    private var trie = TokenTrie()
    private var begins = [Bool](repeating: false, count: 256)

    /// Takes tokens with the form in which each is searched; of two with one form the first wins.
    init(_ tokens: [AddedToken], form: (AddedToken) -> [UInt8]) {
        self.tokens = tokens
        for (index, token) in tokens.enumerated() {
            let bytes = form(token)
            guard let first = bytes.first else { continue }
            _ = trie.insert(bytes, Int32(index))
            begins[Int(first)] = true
        }
    }

    /// Visits the text's pieces in order; the pieces of text are never empty.
    func forEachPiece(of bytes: ArraySlice<UInt8>, _ visit: (Piece) -> Void) {
        var done = bytes.startIndex
        var position = done
        while !trie.isEmpty, position < bytes.endIndex {
            guard begins[Int(bytes[position])],
                let match = trie.longest(in: bytes, from: position, to: bytes.endIndex, at: TokenTrie.root)
            else {
                position += 1
                continue
            }
            let token = tokens[Int(match.value)]
            var start = position
            var end = match.end
            position = match.end
            if token.isSingleWord, touchesWord(bytes, start, end) { continue }
            if token.stripsLeft {
                while start > done, let before = scalar(in: bytes, endingAt: start), before.scalar.isSeparator
                {
                    start -= before.length
                }
            }
            if token.stripsRight {
                while end < bytes.endIndex, case let after = decodeScalar(bytes, at: end),
                    after.scalar.isSeparator
                {
                    end += after.length
                }
            }
            if done < start { visit(.text(done..<start)) }
            visit(.token(token.id))
            done = end
        }
        if done < bytes.endIndex { visit(.text(done..<bytes.endIndex)) }
    }

    private func touchesWord(_ bytes: ArraySlice<UInt8>, _ start: Int, _ end: Int) -> Bool {
        if let before = scalar(in: bytes, endingAt: start), before.scalar.isWordCharacter { return true }
        return end < bytes.endIndex && decodeScalar(bytes, at: end).scalar.isWordCharacter
    }

    private func scalar(in bytes: ArraySlice<UInt8>, endingAt end: Int) -> (
        scalar: Unicode.Scalar, length: Int
    )? {
        guard end > bytes.startIndex else { return nil }
        var start = end - 1
        while start > bytes.startIndex, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return decodeScalar(bytes, at: start)
    }
}
