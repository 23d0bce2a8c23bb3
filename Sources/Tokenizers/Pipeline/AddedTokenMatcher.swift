/// Splits a text at the added tokens of one kind, raw or normalised.
///
/// The longest token at each place wins, and the search goes on behind it. A match that `isSingleWord`
/// rejects is skipped as a whole, as in the reference.
struct AddedTokenMatcher: Sendable {
    /// A stretch of text, or a token found in it.
    enum Piece {
        case text(Range<Int>)
        case token(Int32)
    }

    private let tokens: [AddedToken]
    private var trie = TokenTrie()
    private var begins = [Bool](repeating: false, count: 256)

    /// `form` is the text by which a token is matched.
    ///
    /// The first of two tokens with one form wins.
    init(_ tokens: [AddedToken], form: (AddedToken) -> [UInt8]) {
        self.tokens = tokens
        for (index, token) in tokens.enumerated() {
            let bytes = form(token)
            guard let first = bytes.first else { continue }
            _ = trie.insert(bytes, Int32(index))
            begins[Int(first)] = true
        }
    }

    /// Visits the text's pieces in order; pieces of text are never empty.
    func forEachPiece(of text: ArraySlice<UInt8>, _ visit: (Piece) -> Void) {
        var done = text.startIndex
        var position = done
        while !trie.isEmpty, position < text.endIndex {
            guard begins[Int(text[position])],
                let match = trie.longest(in: text, from: position, to: text.endIndex, at: TokenTrie.root)
            else {
                position += 1
                continue
            }
            let token = tokens[Int(match.value)]
            var start = position
            var end = match.end
            position = match.end
            if token.isSingleWord, touchesWord(text, start, end) { continue }
            if token.stripsLeft {
                while start > done, let before = text.scalar(endingAt: start), before.scalar.isSeparator {
                    start -= before.length
                }
            }
            if token.stripsRight {
                while end < text.endIndex, case let after = text.scalar(at: end), after.scalar.isSeparator {
                    end += after.length
                }
            }
            if done < start { visit(.text(done..<start)) }
            visit(.token(token.id))
            done = end
        }
        if done < text.endIndex { visit(.text(done..<text.endIndex)) }
    }

    private func touchesWord(_ text: ArraySlice<UInt8>, _ start: Int, _ end: Int) -> Bool {
        if let before = text.scalar(endingAt: start), before.scalar.isWordCharacter { return true }
        return end < text.endIndex && text.scalar(at: end).scalar.isWordCharacter
    }
}
