import Diagnostics
package import Encoders
import Formats
import Kernels
package import Tasks
package import Tokenizers

/// A tokenized split of a task.
package struct TokenizedExamples: Sendable {
    /// Each example's target; nil if the split has no labels.
    package let targets: [Target?]
    private let table: TokenTable
    private let key: UInt64
    private let name: String

    /// Tokenizes examples to at most `maximumTokens` ids; dropout masks depend on `name`.
    ///
    /// A collective of the processes that share `memory`, each of which tokenizes a part.
    package init(
        _ examples: [Example], name: String, _ tokenizer: any Tokenizer, maximumTokens: Int,
        in memory: some TokenMemory = PrivateTokens(), reportingTo observer: (any ReadingObserver)? = nil
    ) throws {
        let texts = TextsIdentity(name: name, tokenizer: tokenizer.identity, examples: examples)
        let filled = try memory.tokens(of: texts) { part in
            try TokenPart(examples[part], tokenizer, maximumTokens: maximumTokens, reportingTo: observer)
        }
        table = TokenTable(filled.size, filled.bounds, in: filled.memory)
        targets = examples.map(\.target)
        key = FNV1a.hash(name)
        self.name = name
    }

    /// Examples with the texts of others that are tokenized, and targets of their own.
    package init(_ targets: [Target?], name: String, withTextsOf other: TokenizedExamples) {
        precondition(targets.count == other.count, "a target for each text")
        self.targets = targets
        table = other.table
        key = FNV1a.hash(name)
        self.name = name
    }

    /// Refuses examples with tokens, segments or lengths that the backbone has no embedding for.
    package func check(against configuration: EncoderConfiguration) throws {
        try table.bounds.check(against: configuration, at: name)
    }

    package var count: Int { targets.count }

    /// The number of tokens in an example.
    package func tokens(_ example: Int) -> Int { table.range(example).count }

    /// The number of tokens in all examples.
    package var totalTokens: Int { table.totalTokens }

    /// A checksum of all examples' tokens and segments.
    package var fingerprint: Int { Int(table.checksum) }

    /// Whether another split has equal tokens and segments, in the same order.
    package func hasTokens(of other: TokenizedExamples) -> Bool {
        table.equals(other.table)
    }

    /// Packs examples into a batch, in this order.
    package func batch(_ examples: some Sequence<Int>) -> PackedBatch {
        let examples = Array(examples)
        var batch = PackedBatch(
            sequences: examples.count, tokens: examples.reduce(0) { $0 + tokens($1) })
        for example in examples {
            batch.append(
                ids: table.ids(example), firstSegment: table.firstSegment(example),
                key: key ^ UInt64(example))
        }
        return batch
    }
}
