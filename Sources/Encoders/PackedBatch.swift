/// Several tokenized sequences laid end to end, without padding.
///
/// Sequence s holds the tokens offsets[s] ..< offsets[s + 1]; T = offsets.last.
package struct PackedBatch: Sendable {
    /// Token ids [T].
    package private(set) var ids: [Int32] = []
    /// Segment ids [T].
    package private(set) var segments: [Int32] = []
    /// Where sequences begin, and T at the end [B + 1].
    package private(set) var offsets: [Int] = [0]
    /// What names each sequence for dropout's random numbers [B].
    package private(set) var keys: [UInt64] = []

    /// A batch with no sequence.
    package init() {}

    /// How many sequences there are.
    package var count: Int { offsets.count - 1 }
    /// How many tokens there are.
    package var tokens: Int { offsets[count] }

    /// Adds a sequence.
    package mutating func append(ids: [Int32], segments: [Int32], key: UInt64) {
        precondition(
            ids.count == segments.count && !ids.isEmpty, "a sequence needs a segment id for each token")
        self.ids += ids
        self.segments += segments
        offsets.append(offsets[count] + ids.count)
        keys.append(key)
    }

    /// The tokens of a sequence.
    package func range(_ sequence: Int) -> Range<Int> { offsets[sequence]..<offsets[sequence + 1] }
}
