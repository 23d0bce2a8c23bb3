/// The token ids of one example and the segment, 0 or 1, of each.
package struct Encoding: Sendable, Equatable {
    /// The token ids, special tokens included.
    package var ids: [Int32]
    /// One for each id: 0, and then perhaps 1, as the template says.
    package var segments: [Int32]

    package init(ids: [Int32], segments: [Int32]) {
        self.ids = ids
        self.segments = segments
    }
}
