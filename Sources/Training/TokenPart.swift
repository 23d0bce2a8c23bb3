package import Encoders
import Tasks
import Tokenizers

/// The tokens of consecutive texts, which one process tokenized.
package struct TokenPart: Sendable {
    /// The number of texts and of their tokens.
    package var size: TokenTableSize { TokenTableSize(texts: lengths.count, tokens: ids.count) }
    package private(set) var bounds = TokenBounds()
    private var ids: [Int32] = []
    private var lengths: [Int32] = []
    /// The number of each text's leading tokens with segment id 0.
    private var firstSegments: [Int32] = []

    /// Tokenizes the texts of examples to at most `maximumTokens` ids; reports once in about a thousand.
    init(
        _ examples: some Collection<Example>, _ tokenizer: any Tokenizer, maximumTokens: Int,
        reportingTo observer: (any ReadingObserver)?
    ) throws {
        for example in examples {
            if lengths.count % 1024 == 0 { observer?.tokenized(lengths.count, of: examples.count) }
            let encoding = try tokenizer.encode(example.first, example.second, limit: maximumTokens)
            bounds.add(ids: encoding.ids, segments: encoding.segments)
            ids += encoding.ids
            lengths.append(Int32(encoding.ids.count))
            firstSegments.append(Int32(encoding.segments.prefix { $0 == 0 }.count))
        }
    }

    /// Writes the part into the memory of a table, after `before` of its texts and tokens.
    package func write(
        into memory: UnsafeMutableRawBufferPointer, of table: TokenTableSize, after before: TokenTableSize
    ) {
        let ends = memory.bindMemory(to: Int64.self)
        var end = Int64(before.tokens)
        for (text, length) in lengths.enumerated() {
            end += Int64(length)
            ends[before.texts + text] = end
        }
        let rest = UnsafeMutableRawBufferPointer(rebasing: memory[(8 * table.texts)...])
        func copy(_ values: [Int32], to position: Int) {
            values.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: rest[(4 * position)...]).copyMemory(from: $0)
            }
        }
        copy(firstSegments, to: before.texts)
        copy(ids, to: table.texts + before.tokens)
    }
}
