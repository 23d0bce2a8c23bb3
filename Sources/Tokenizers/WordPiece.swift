/// The WordPiece model: a word is the longest token that begins it, then the longest that continues it,
/// and so on; if nothing fits at some place the whole word is unknown.
struct WordPiece: Sendable {
    private let trie: TokenTrie
    /// Where continuations begin, after the prefix (`##`); nil if no token continues a word.
    private let continuing: TokenTrie.Node?
    private let unknown: Int32
    private let maximumScalars: Int

    init(_ vocabulary: Vocabulary, unknown: Int32, prefix: String, maximumScalars: Int) {
        trie = vocabulary.trie
        continuing = trie.node(after: prefix.utf8)
        self.unknown = unknown
        self.maximumScalars = maximumScalars
    }

    /// Appends the ids of the word in `range`, which has that many scalars.
    func append(_ bytes: ArraySlice<UInt8>, _ range: Range<Int>, scalars: Int, to ids: inout [Int32]) {
        guard scalars <= maximumScalars else { return ids.append(unknown) }
        let before = ids.count
        var position = range.lowerBound
        var node: TokenTrie.Node? = TokenTrie.root
        while position < range.upperBound {
            guard let begin = node,
                let piece = trie.longest(in: bytes, from: position, to: range.upperBound, at: begin)
            else {
                ids.removeSubrange(before...)
                return ids.append(unknown)
            }
            ids.append(piece.value)
            position = piece.end
            node = continuing
        }
    }
}
