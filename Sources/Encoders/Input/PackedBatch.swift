/// Tokenized sequences end to end, without padding.
///
/// Sequence s holds the tokens offsets[s] ..< offsets[s + 1]; T = offsets.last.
package struct PackedBatch: Sendable {
    /// Token ids [T].
    package private(set) var ids: [Int32] = []
    /// Segment ids [T]; families without segment embeddings ignore them.
    package private(set) var segments: [Int32] = []
    /// First token of each sequence, then T [B + 1].
    package private(set) var offsets: [Int] = [0]
    /// Keys of the sequences for dropout's random numbers [B].
    package private(set) var keys: [UInt64] = []

    /// An empty batch, with memory for so many sequences and tokens.
    package init(sequences: Int = 0, tokens: Int = 0) {
        ids.reserveCapacity(tokens)
        segments.reserveCapacity(tokens)
        offsets.reserveCapacity(sequences + 1)
        keys.reserveCapacity(sequences)
    }

    /// B, the number of sequences.
    package var count: Int { offsets.count - 1 }
    /// T, the number of tokens.
    package var tokens: Int { offsets[count] }

    package mutating func append(ids: [Int32], segments: [Int32], key: UInt64) {
        precondition(
            ids.count == segments.count && !ids.isEmpty, "a sequence needs a segment id for each token")
        self.ids += ids
        self.segments += segments
        offsets.append(offsets[count] + ids.count)
        keys.append(key)
    }

    /// Appends a sequence whose first tokens have segment id 0, and the others 1.
    package mutating func append(ids: some Collection<Int32>, firstSegment: Int, key: UInt64) {
        precondition(!ids.isEmpty && firstSegment <= ids.count, "a sequence has tokens of its segments")
        self.ids += ids
        segments += repeatElement(0, count: firstSegment)
        segments += repeatElement(1, count: ids.count - firstSegment)
        offsets.append(offsets[count] + ids.count)
        keys.append(key)
    }

    package func range(_ sequence: Int) -> Range<Int> { offsets[sequence]..<offsets[sequence + 1] }
}
