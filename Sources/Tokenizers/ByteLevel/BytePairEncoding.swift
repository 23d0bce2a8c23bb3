import Diagnostics

/// Byte-level byte-pair encoding (Sennrich et al., 2016; Radford et al., 2019): a word's bytes are joined
/// pair by pair, the pair that was learned first before the others.
struct BytePairEncoding: TokenModel {
    let name = "bpe"
    let vocabulary: Vocabulary
    /// The token of each byte; nil if the vocabulary lacks it.
    private let bytes: [Int32?]
    /// The merge of two neighbours, by ``key(_:_:)``.
    private let merges: [UInt64: Merge]
    /// Stands for bytes that the vocabulary lacks; without it they are dropped.
    private let unknown: Int32?
    /// Whether a word that is a token is that token, whatever the merges make of it.
    private let prefersWholeWords: Bool

    /// Two tokens that are joined.
    struct TokenPair {
        let left, right: String
    }

    private struct Merge {
        let rank: Int32
        let token: Int32
    }

    /// Takes merges in the order in which they were learned; failures name the `place` of a merge's index.
    init(
        _ vocabulary: Vocabulary, merges pairs: [TokenPair], unknown: Int32? = nil,
        prefersWholeWords: Bool = false, place: (Int) -> String
    ) throws {
        self.vocabulary = vocabulary
        self.unknown = unknown
        self.prefersWholeWords = prefersWholeWords
        bytes = ByteAlphabet.characters.map { vocabulary.id(of: String($0)) }
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(pairs.count)
        for (rank, pair) in pairs.enumerated() {
            func id(_ token: String) throws -> Int32 {
                if let id = vocabulary.id(of: token) { return id }
                throw Failure.data(
                    "a merge of '\(pair.left)' and '\(pair.right)' needs the token '\(token)', which the "
                        + "vocabulary of \(vocabulary.count) tokens lacks", at: place(rank),
                    remedy: "vocabulary and merges must come from the same model: download both again")
            }
            let key = Self.key(try id(pair.left), try id(pair.right))
            let token = try id(pair.left + pair.right)
            // The reference keeps the last of two equal pairs.
            merges[key] = Merge(rank: Int32(rank), token: token)
        }
        self.merges = merges
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    func append(_ word: Range<Int>, of text: ArraySlice<UInt8>, to ids: inout [Int32]) {
        if prefersWholeWords, let whole = wholeWord(text[word]) { return ids.append(whole) }
        var symbols: [Int32] = []
        symbols.reserveCapacity(word.count)
        for byte in text[word] {
            if let id = bytes[Int(byte)] ?? unknown { symbols.append(id) }
        }
        merge(&symbols)
        ids += symbols
    }

    private func wholeWord(_ word: ArraySlice<UInt8>) -> Int32? {
        vocabulary.id(of: String(word.map { ByteAlphabet.characters[Int($0)] }))
    }

    /// Joins neighbours until no pair has a merge: the lowest rank first, the leftmost of equal ones.
    private func merge(_ symbols: inout [Int32]) {
        guard symbols.count > 1 else { return }
        // Neighbours by index; a symbol that was joined to its left neighbour is −1.
        var next = Array(1...symbols.count)
        var previous = Array(-1..<symbols.count - 1)
        var candidates = MergeQueue()
        func consider(_ left: Int) {
            let right = next[left]
            guard right < symbols.count, let merge = merges[Self.key(symbols[left], symbols[right])] else {
                return
            }
            candidates.insert(.init(rank: merge.rank, place: Int32(left), token: merge.token))
        }
        for left in symbols.indices.dropLast() { consider(left) }
        while let best = candidates.removeFirst() {
            let left = Int(best.place)
            let right = next[left]
            // A candidate is stale if either symbol has changed since.
            guard symbols[left] >= 0, right < symbols.count,
                let merge = merges[Self.key(symbols[left], symbols[right])], merge.token == best.token,
                merge.rank == best.rank
            else { continue }
            symbols[left] = merge.token
            symbols[right] = -1
            next[left] = next[right]
            if next[left] < symbols.count { previous[next[left]] = left }
            if previous[left] >= 0 { consider(previous[left]) }
            consider(left)
        }
        symbols.removeAll { $0 < 0 }
    }

    func add(to fingerprint: inout Fingerprint) {
        fingerprint.add(name)
        fingerprint.add(Int(unknown ?? -1))
        fingerprint.add(prefersWholeWords)
        fingerprint.add(vocabulary.count)
        for token in vocabulary.tokens { fingerprint.add(token) }
        fingerprint.add(merges.count)
        for (key, merge) in merges.sorted(by: { $0.value.rank < $1.value.rank }) {
            fingerprint.add(Int(bitPattern: UInt(key)))
            fingerprint.add(Int(merge.token))
        }
    }
}
