import Encoders
import Formats

/// The tokens of texts in one array, in memory that processes may share.
///
/// Its memory has each text's end [N] as Int64, then the length of each text's first segment [N] and the ids
/// [T] as Int32.
final class TokenTable: @unchecked Sendable {
    /// The ranges of ids, segments and lengths.
    let bounds: TokenBounds
    private let ends: UnsafeBufferPointer<Int64>
    private let firstSegments: UnsafeBufferPointer<Int32>
    private let ids: UnsafeBufferPointer<Int32>
    /// Keeps the buffers valid; nothing writes it any more, so threads may read it.
    private let memory: FilledMemory

    init(_ size: TokenTableSize, _ bounds: TokenBounds, in memory: FilledMemory) {
        precondition(memory.bytes.count >= size.bytes, "memory for all tokens")
        self.memory = memory
        self.bounds = bounds
        ends = UnsafeBufferPointer(rebasing: memory.bytes.bindMemory(to: Int64.self)[..<size.texts])
        let rest = UnsafeRawBufferPointer(rebasing: memory.bytes[(8 * size.texts)...])
            .bindMemory(to: Int32.self)
        firstSegments = UnsafeBufferPointer(rebasing: rest[..<size.texts])
        ids = UnsafeBufferPointer(rebasing: rest[size.texts..<size.texts + size.tokens])
    }

    /// The number of texts.
    var count: Int { ends.count }

    /// The number of tokens in all texts.
    var totalTokens: Int { ids.count }

    /// The positions of a text's tokens.
    func range(_ text: Int) -> Range<Int> { (text == 0 ? 0 : Int(ends[text - 1]))..<Int(ends[text]) }

    /// A text's tokens.
    func ids(_ text: Int) -> Slice<UnsafeBufferPointer<Int32>> { ids[range(text)] }

    /// The number of a text's leading tokens with segment id 0.
    func firstSegment(_ text: Int) -> Int { Int(firstSegments[text]) }

    /// A checksum of ids, first segments and each text's bounds.
    var checksum: UInt32 {
        var checksum = CRC32C()
        checksum.update(UnsafeRawBufferPointer(ids))
        checksum.update(UnsafeRawBufferPointer(firstSegments))
        ([0] + ends.map { Int32(truncatingIfNeeded: $0) }).withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }

    /// Whether another table has equal texts, in the same order.
    func equals(_ other: TokenTable) -> Bool {
        self === other
            || ends.elementsEqual(other.ends) && firstSegments.elementsEqual(other.firstSegments)
                && ids.elementsEqual(other.ids)
    }
}
