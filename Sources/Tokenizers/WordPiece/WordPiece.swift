/// BERT's model: the longest token that begins a word, then the longest that continues it, and so on.
///
/// A word that cannot be covered to its end, or is too long, is one unknown token.
struct WordPiece: TokenModel {
    let name = "wordpiece"
    let vocabulary: Vocabulary
    private let unknown: Int32
    private let continuingPrefix: String
    private let maximumScalars: Int
    /// The trie's node behind the continuing prefix; nil if no token continues a word.
    private let continuing: TokenTrie.Node?

    init(
        _ vocabulary: Vocabulary, unknown: Int32, continuingPrefix: String = "##", maximumScalars: Int = 100
    ) {
        self.vocabulary = vocabulary
        self.unknown = unknown
        self.continuingPrefix = continuingPrefix
        self.maximumScalars = maximumScalars
        continuing = vocabulary.trie.node(after: continuingPrefix.utf8)
    }

    func append(_ word: Range<Int>, of text: ArraySlice<UInt8>, to ids: inout [Int32]) {
        // A word has at least as many bytes as scalars, so few words need counting.
        if word.count > maximumScalars, text[word].count(where: { $0 & 0xC0 != 0x80 }) > maximumScalars {
            return ids.append(unknown)
        }
        let before = ids.count
        var position = word.lowerBound
        var node: TokenTrie.Node? = TokenTrie.root
        while position < word.upperBound {
            guard let begin = node,
                let piece = vocabulary.trie.longest(
                    in: text, from: position, to: word.upperBound, at: begin)
            else {
                ids.removeSubrange(before...)
                return ids.append(unknown)
            }
            ids.append(piece.value)
            position = piece.end
            node = continuing
        }
    }

    func add(to fingerprint: inout Fingerprint) {
        fingerprint.add(name)
        fingerprint.add(Int(unknown))
        fingerprint.add(continuingPrefix)
        fingerprint.add(maximumScalars)
        fingerprint.add(vocabulary.count)
        for token in vocabulary.tokens { fingerprint.add(token) }
    }
}
