/// Consecutive examples of a split whose pooled vectors are computed together.
package struct PooledChunk: Hashable, Sendable {
    /// The split's number in ``UniqueSplits``.
    let split: Int
    let index: Int

    package init(split: Int, index: Int) {
        self.split = split
        self.index = index
    }

    private static let length = 8

    /// The chunks that contain these examples, ascending.
    static func chunks(of examples: some Sequence<Int>, _ split: Int) -> [PooledChunk] {
        Set(examples.map { $0 / length }).sorted().map { PooledChunk(split: split, index: $0) }
    }

    /// The chunk's examples, in a split of `count`.
    func examples(of count: Int) -> Range<Int> {
        index * Self.length..<min(count, (index + 1) * Self.length)
    }
}
