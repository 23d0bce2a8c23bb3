import Diagnostics
package import Encoders
import Formats
import Kernels
package import Tasks
package import Tokenizers

/// A tokenized split of a task, with the ids of all examples in one array.
package struct TokenizedExamples: Sendable {
    /// Each example's target; nil if the split has no labels.
    package let targets: [Target?]
    private let ids: [Int32]
    /// The number of leading tokens of each example with segment id 0.
    private let firstSegment: [Int32]
    private let offsets: [Int]
    private let key: UInt64
    private let name: String
    private let bounds: TokenBounds

    /// Tokenizes examples to at most `maximumTokens` ids; dropout masks depend on `name`.
    ///
    /// Calls `progress` with the number of tokenized examples, from 0 on, once in about a thousand.
    package init(
        _ examples: [Example], name: String, _ tokenizer: any Tokenizer, maximumTokens: Int,
        progress: (_ done: Int) -> Void = { _ in }
    ) throws {
        var ids: [Int32] = []
        var offsets = [0]
        var firstSegment: [Int32] = []
        var bounds = TokenBounds()
        offsets.reserveCapacity(examples.count + 1)
        for (index, example) in examples.enumerated() {
            if index % 1024 == 0 { progress(index) }
            let encoding = try tokenizer.encode(example.first, example.second, limit: maximumTokens)
            ids += encoding.ids
            bounds.add(ids: encoding.ids, segments: encoding.segments)
            offsets.append(ids.count)
            firstSegment.append(Int32(encoding.segments.prefix { $0 == 0 }.count))
        }
        self.ids = ids
        self.offsets = offsets
        self.firstSegment = firstSegment
        targets = examples.map(\.target)
        key = FNV1a.hash(name)
        self.name = name
        self.bounds = bounds
    }

    /// Examples with the texts of others that are tokenized, and targets of their own.
    package init(_ targets: [Target?], name: String, withTextsOf other: TokenizedExamples) {
        precondition(targets.count == other.count, "a target for each text")
        self.targets = targets
        (ids, firstSegment, offsets, bounds) = (other.ids, other.firstSegment, other.offsets, other.bounds)
        key = FNV1a.hash(name)
        self.name = name
    }

    /// Refuses examples with tokens, segments or lengths that the backbone has no embedding for.
    package func check(against configuration: EncoderConfiguration) throws {
        try bounds.check(against: configuration, at: name)
    }

    package var count: Int { targets.count }

    /// The number of tokens in an example.
    package func tokens(_ example: Int) -> Int { offsets[example + 1] - offsets[example] }

    /// The number of tokens in all examples.
    package var totalTokens: Int { ids.count }

    /// A checksum of all examples' tokens and segments.
    package var fingerprint: Int {
        var checksum = CRC32C()
        for values in [ids, firstSegment, offsets.map { Int32(truncatingIfNeeded: $0) }] {
            values.withUnsafeBytes { checksum.update($0) }
        }
        return Int(checksum.value)
    }

    /// Whether another split has equal tokens and segments, in the same order.
    package func hasTokens(of other: TokenizedExamples) -> Bool {
        offsets == other.offsets && firstSegment == other.firstSegment && ids == other.ids
    }

    /// Packs examples into a batch, in this order.
    package func batch(_ examples: some Sequence<Int>) -> PackedBatch {
        let examples = Array(examples)
        var batch = PackedBatch(
            sequences: examples.count, tokens: examples.reduce(0) { $0 + tokens($1) })
        for example in examples {
            batch.append(
                ids: ids[offsets[example]..<offsets[example + 1]],
                firstSegment: Int(firstSegment[example]), key: key ^ UInt64(example))
        }
        return batch
    }
}
