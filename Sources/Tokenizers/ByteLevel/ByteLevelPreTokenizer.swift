/// GPT-2's pre-tokeniser: words with the space before them, numbers, runs of other characters, contractions.
///
/// Its pattern, whose alternatives are tried in this order at each place:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
struct ByteLevelPreTokenizer: PreTokenizer {
    /// A text that begins with no space gets one, so that its first word is like any other.
    let addsPrefixSpace: Bool
    /// Without the pattern a text is one word.
    let usesPattern: Bool

    private static let contractions = ["s", "t", "re", "ve", "m", "ll", "d"].map { Array($0.utf8) }
    private static let space: UInt8 = 0x20
    private static let apostrophe: UInt8 = 0x27

    func prepared(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        addsPrefixSpace && text.first != Self.space ? [Self.space] + text : nil
    }

    func forEachWord(in text: ArraySlice<UInt8>, _ visit: (Range<Int>) -> Void) {
        guard usesPattern else {
            if !text.isEmpty { visit(text.startIndex..<text.endIndex) }
            return
        }
        var start = text.startIndex
        while start < text.endIndex {
            let end = contraction(text, at: start) ?? run(text, at: start) ?? blanks(text, at: start)
            visit(start..<end)
            start = end
        }
    }

    private func contraction(_ text: ArraySlice<UInt8>, at start: Int) -> Int? {
        guard text[start] == Self.apostrophe else { return nil }
        let rest = text[(start + 1)...]
        return Self.contractions.first { rest.starts(with: $0) }.map { start + 1 + $0.count }
    }

    /// The end of ` ?X+`, where X is letters, numbers, or characters that are neither nor white space.
    private func run(_ text: ArraySlice<UInt8>, at start: Int) -> Int? {
        var position = text[start] == Self.space ? start + 1 : start
        guard position < text.endIndex else { return nil }
        let (first, length) = Self.kind(text, at: position)
        if first == .blank { return nil }
        position += length
        while position < text.endIndex, case let (kind, length) = Self.kind(text, at: position), kind == first
        {
            position += length
        }
        return position
    }

    /// The end of white space: all of it at the end of the text, or all but the character before a word.
    private func blanks(_ text: ArraySlice<UInt8>, at start: Int) -> Int {
        var (position, last) = (start, start)
        while position < text.endIndex, case let (kind, length) = Self.kind(text, at: position),
            kind == .blank
        {
            last = position
            position += length
        }
        return position == text.endIndex || last == start ? position : last
    }

    private enum Kind { case letter, number, blank, other }

    private static func kind(_ text: ArraySlice<UInt8>, at position: Int) -> (Kind, Int) {
        let byte = text[position]
        if byte < 0x80 {
            switch byte {
            case 0x41...0x5A, 0x61...0x7A: return (.letter, 1)
            case 0x30...0x39: return (.number, 1)
            case 0x20, 0x09...0x0D: return (.blank, 1)
            default: return (.other, 1)
            }
        }
        let (scalar, length) = text.scalar(at: position)
        if scalar.isSeparator { return (.blank, length) }
        // The reference takes the characters of Unicode 17 for neither letters nor numbers.
        guard scalar.isInUnicode(16) else { return (.other, length) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return (.letter, length)
        case .decimalNumber, .letterNumber, .otherNumber: return (.number, length)
        default: return (.other, length)
        }
    }

    func add(to fingerprint: inout Fingerprint) {
        fingerprint.add("byte-level words")
        for flag in [addsPrefixSpace, usesPattern] { fingerprint.add(flag) }
    }
}
