package import Encoders
import Formats
import Kernels
package import Tasks
package import Tokenizers

/// A split of a task as token ids, packed so that a large split costs one array and not one per example.
package struct TokenizedExamples: Sendable {
    /// What each example should be given; nil where the split has no labels.
    package let targets: [Target?]
    private let ids: [Int32]
    /// How many tokens at the front of each example have segment id 0.
    private let firstSegment: [Int32]
    private let offsets: [Int]
    private let key: UInt64
    private let name: String
    private let bounds: TokenBounds

    /// Tokenizes examples to at most `maximumTokens` ids; `name` keeps the dropout of different splits apart.
    package init(
        _ examples: [Example], name: String, _ tokenizer: any Tokenizer, maximumTokens: Int
    ) throws {
        var ids: [Int32] = []
        var offsets = [0]
        var firstSegment: [Int32] = []
        var bounds = TokenBounds()
        offsets.reserveCapacity(examples.count + 1)
        for example in examples {
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
        key = stableHash(name)
        self.name = name
        self.bounds = bounds
    }

    /// Refuses examples with tokens, segments or lengths that the backbone has no embedding for.
    package func check(against configuration: EncoderConfiguration) throws {
        try bounds.check(against: configuration, at: name)
    }

    /// How many examples there are.
    package var count: Int { targets.count }

    /// How many tokens an example has.
    package func tokens(_ example: Int) -> Int { offsets[example + 1] - offsets[example] }

    /// All examples' tokens.
    package var totalTokens: Int { ids.count }

    /// A number that changes with any example's tokens and segments.
    package var fingerprint: Int {
        var checksum = CRC32C()
        for values in [ids, firstSegment, offsets.map { Int32(truncatingIfNeeded: $0) }] {
            values.withUnsafeBytes { checksum.update($0) }
        }
        return Int(checksum.value)
    }

    /// Whether another split has the same examples in the same order, as far as an encoder can tell.
    package func hasTokens(of other: TokenizedExamples) -> Bool {
        offsets == other.offsets && firstSegment == other.firstSegment && ids == other.ids
    }

    /// Packs examples, in the order given, into a batch.
    package func batch(_ examples: some Sequence<Int>) -> PackedBatch {
        var batch = PackedBatch()
        for example in examples {
            let range = offsets[example]..<offsets[example + 1]
            let first = Int(firstSegment[example])
            let segments =
                [Int32](repeating: 0, count: first) + [Int32](repeating: 1, count: range.count - first)
            batch.append(ids: Array(ids[range]), segments: segments, key: key ^ UInt64(example))
        }
        return batch
    }
}
