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
