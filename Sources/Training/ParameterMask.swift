/// Which numbers of a flat vector of parameters are kept; those that pruning removed are zero for good.
///
/// A bit each, 64 to a word. Clearing a vector visits each word once and each removed number once: of all that a step
/// does with the flat vector, this is one pass more, and the least of them.
package struct ParameterMask: Sendable, Equatable {
    /// How many numbers the vector has.
    package let count: Int
    /// Bit i % 64 of word i / 64 is set where number i was removed.
    private var removed: [UInt64]

    /// Keeps everything.
    package init(count: Int) {
        self.count = count
        removed = [UInt64](repeating: 0, count: (count + 63) / 64)
    }

    /// Takes the words of a mask that was saved; nil where they don't belong to `count` numbers.
    package init?(count: Int, words: [Int64]) {
        self.init(count: count)
        guard words.count == removed.count else { return nil }
        removed = words.map { UInt64(bitPattern: $0) }
        if count % 64 > 0, let last = removed.last, last >> UInt64(count % 64) != 0 { return nil }
    }

    /// The words, to be saved.
    package var words: [Int64] { removed.map { Int64(bitPattern: $0) } }

    /// How many words a mask of so many numbers has.
    package static func wordCount(_ count: Int) -> Int { (count + 63) / 64 }

    /// Removes a number.
    package mutating func remove(_ index: Int) { removed[index / 64] |= 1 << UInt64(index % 64) }

    /// Whether a number is kept.
    package func keeps(_ index: Int) -> Bool { removed[index / 64] >> UInt64(index % 64) & 1 == 0 }

    /// How many numbers of a range were removed.
    package func removedCount(in range: Range<Int>) -> Int { range.count { !keeps($0) } }

    /// Sets the removed numbers of a flat vector to zero.
    package func clear(_ values: inout [Float]) {
        precondition(values.count == count, "a mask belongs to vectors of its own length")
        clear(&values, in: 0..<count)
    }

    /// Sets the removed numbers in a range of a flat vector to zero.
    package func clear(_ values: UnsafeMutablePointer<Float>, in range: Range<Int>) {
        precondition(range.upperBound <= count, "a mask belongs to vectors of its own length")
        if range.isEmpty { return }
        for index in range.lowerBound / 64...(range.upperBound - 1) / 64 {
            var rest = removed[index]
            while rest != 0 {
                let number = index * 64 + rest.trailingZeroBitCount
                if range.contains(number) { values[number] = 0 }
                rest &= rest - 1
            }
        }
    }
}
