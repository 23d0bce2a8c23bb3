/// Turns text into the token ids that a backbone was trained on.
///
/// A tokenizer is a value: it is read once and then used from any number of threads.
package protocol Tokenizer: Sendable {
    /// The name of the tokenizer's model, such as `wordpiece`.
    var name: String { get }
    /// A hash, in hexadecimal, of the vocabulary and of every setting that can change an id.
    ///
    /// It is the same on every machine and in every run, so that caches and manifests can name the
    /// tokenizer by it. It tells tokenizers apart; it does not resist forgery.
    var identity: String { get }
    /// The number of distinct ids: the vocabulary and the tokens added to it, `0..<vocabularySize`.
    var vocabularySize: Int { get }
    /// The token that an id stands for, or nil where there is none.
    func token(_ id: Int32) -> String?
    /// Encodes `[CLS] first [SEP]`, or `[CLS] first [SEP] second [SEP]`, in at most `limit` ids.
    ///
    /// A text that does not fit loses its end, and of a pair the longer one loses first.
    func encode(_ first: String, _ second: String?, limit: Int) throws -> Encoding
}

/// The token ids of one example, and the segment (0 or 1) that each of them belongs to.
package struct Encoding: Sendable, Equatable {
    /// The token ids, special tokens included.
    package var ids: [Int32]
    /// For each id 0, or 1 from the first token of the pair's second text on.
    package var segments: [Int32]

    /// Makes an encoding of ids and their segments, which are equally many.
    package init(ids: [Int32], segments: [Int32]) {
        self.ids = ids
        self.segments = segments
    }
}
