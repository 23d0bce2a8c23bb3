// A tokenizer's stages, as in a `tokenizer.json`: normaliser → pre-tokeniser → model → template.
//
// All text is valid UTF-8 in an array's slice, and a word is a range of its indices: Swift's strings are
// equal when canonically equivalent, and a vocabulary may hold both forms of one text. Each stage adds
// every setting that can change an id to the tokenizer's fingerprint.

/// Rewrites text in the form that the vocabulary was made with.
protocol Normalizer: Sendable {
    func normalize(_ text: ArraySlice<UInt8>) -> [UInt8]
    func add(to fingerprint: inout Fingerprint)
}

/// Cuts normalised text into the words that the model sees one by one.
protocol PreTokenizer: Sendable {
    /// The text with what the pre-tokeniser adds to it; nil if it adds nothing, as by default.
    func prepared(_ text: ArraySlice<UInt8>) -> [UInt8]?
    /// Visits the words in order. They do not overlap; text between them is dropped.
    func forEachWord(in text: ArraySlice<UInt8>, _ visit: (Range<Int>) -> Void)
    func add(to fingerprint: inout Fingerprint)
}

extension PreTokenizer {
    func prepared(_ text: ArraySlice<UInt8>) -> [UInt8]? { nil }
}

/// Covers a word with tokens of a vocabulary.
protocol TokenModel: Sendable {
    /// The model's name, such as `wordpiece`.
    var name: String { get }
    /// Tokens with the ids `0..<count`. Added tokens come after them.
    var vocabulary: Vocabulary { get }
    /// Appends the ids of a word, which is a range of `text`.
    func append(_ word: Range<Int>, of text: ArraySlice<UInt8>, to ids: inout [Int32])
    func add(to fingerprint: inout Fingerprint)
}
