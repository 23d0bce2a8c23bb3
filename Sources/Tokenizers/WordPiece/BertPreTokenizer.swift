/// BERT's pre-tokeniser: white space separates words, and every punctuation mark is a word.
package struct BertPreTokenizer: PreTokenizer {
    package init() {}

    /// The words of a normalised text.
    package func words(in normalized: String) -> [String] {
        let text = Array(normalized.utf8)
        var words: [String] = []
        forEachWord(in: text[...]) { words.append(String(decoding: text[$0], as: UTF8.self)) }
        return words
    }

    func forEachWord(in text: ArraySlice<UInt8>, _ visit: (Range<Int>) -> Void) {
        var start = text.startIndex
        var position = start
        while position < text.endIndex {
            let (kind, length) = Self.scalar(text, at: position)
            if kind != .letter {
                if start < position { visit(start..<position) }
                if kind == .isolated { visit(position..<position + length) }
                start = position + length
            }
            position += length
        }
        if start < position { visit(start..<position) }
    }

    func add(to fingerprint: inout Fingerprint) { fingerprint.add("bert words") }

    private enum Kind { case letter, separator, isolated }

    private static func scalar(_ text: ArraySlice<UInt8>, at position: Int) -> (kind: Kind, length: Int) {
        let byte = text[position]
        if byte < 0x80 {
            if byte == 0x20 || (0x09...0x0D).contains(byte) { return (.separator, 1) }
            return (Unicode.Scalar(byte).isIsolated ? .isolated : .letter, 1)
        }
        let (scalar, length) = text.scalar(at: position)
        return (scalar.isSeparator ? .separator : scalar.isIsolated ? .isolated : .letter, length)
    }
}
