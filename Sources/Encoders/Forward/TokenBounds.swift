import Diagnostics

/// The ranges of token ids, segment ids and lengths in a set of sequences.
///
/// A token outside the embedding tables stops the process, so whoever makes batches calls
/// ``check(against:at:)`` first, whose failure says where the token is from.
package struct TokenBounds: Sendable, Equatable, Codable {
    /// The length of the longest sequence.
    package private(set) var longest = 0
    /// The lowest and the highest token id.
    package private(set) var ids: ClosedRange<Int32>?
    /// The lowest and the highest segment id.
    package private(set) var segments: ClosedRange<Int32>?

    package init() {}

    package mutating func add(ids: [Int32], segments: [Int32]) {
        longest = max(longest, ids.count)
        self.ids = Self.joined(self.ids, ids)
        self.segments = Self.joined(self.segments, segments)
    }

    /// Adds the sequences of another set.
    package mutating func add(_ other: TokenBounds) {
        longest = max(longest, other.longest)
        ids = Self.joined(ids, [other.ids?.lowerBound, other.ids?.upperBound].compactMap(\.self))
        segments = Self.joined(
            segments, [other.segments?.lowerBound, other.segments?.upperBound].compactMap(\.self))
    }

    private static func joined(_ range: ClosedRange<Int32>?, _ values: [Int32]) -> ClosedRange<Int32>? {
        guard let low = values.min(), let high = values.max() else { return range }
        return min(low, range?.lowerBound ?? low)...max(high, range?.upperBound ?? high)
    }

    /// Refuses sequences that the backbone has no embeddings for; failures name `place`.
    package func check(against configuration: EncoderConfiguration, at place: String) throws {
        guard longest <= configuration.positions else {
            throw Failure.data(
                "a sequence has \(longest) tokens, but the backbone has \(configuration.positions) positions",
                at: place, remedy: "set maximumTokens to \(configuration.positions) or less")
        }
        if let id = Self.outside(ids, configuration.vocabulary) {
            throw Failure.data(
                "token id \(id) is outside the backbone's vocabulary of \(configuration.vocabulary)",
                at: place, remedy: "tokenizer and weights must come from the same model")
        }
        if let count = configuration.segments, let id = Self.outside(segments, count) {
            throw Failure.data(
                "segment id \(id) is outside the backbone's \(count) \(count == 1 ? "segment" : "segments")",
                at: place,
                remedy: "pairs of texts need a backbone with 'type_vocab_size' 2")
        }
    }

    private static func outside(_ range: ClosedRange<Int32>?, _ count: Int) -> Int32? {
        guard let range else { return nil }
        if range.lowerBound < 0 { return range.lowerBound }
        return Int(range.upperBound) >= count ? range.upperBound : nil
    }
}
