/// Turns text into the token ids that a backbone was trained on.
///
/// A tokenizer is a value: it is read once and then used from any number of threads.
package protocol Tokenizer: Sendable {
    /// The name of the tokenizer's model, such as `wordpiece`.
    var name: String { get }
    /// A hash, in hexadecimal, of the vocabulary and of every setting that can change an id.
    ///
    /// It is the same on every machine, so caches and manifests name the tokenizer by it. It does not resist
    /// forgery.
    var identity: String { get }
    /// The number of ids, `0..<vocabularySize`: the model's vocabulary and the added tokens.
    var vocabularySize: Int { get }
    /// The number of segments in the encoding of a pair: 2 if the template gives the second text one of its
    /// own, or 1.
    var segmentsOfPair: Int { get }
    /// The token of an id; nil outside `0..<vocabularySize`.
    func token(_ id: Int32) -> String?
    /// Encodes a text or a pair, with the template's special tokens, in at most `limit` ids.
    ///
    /// A text that does not fit loses its end; in a pair the longer text loses first.
    func encode(_ first: String, _ second: String?, limit: Int) throws -> Encoding
}
