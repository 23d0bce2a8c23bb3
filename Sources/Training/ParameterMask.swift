/// The parameters of a flat vector that pruning kept; removed ones stay zero.
///
/// It has one bit per parameter. Clearing a vector visits each word and each removed parameter once.
package struct ParameterMask: Sendable, Equatable {
    /// The length of the vector.
    package let count: Int
    /// Bit i % 64 of word i / 64 is set if parameter i was removed.
    private var removed: [UInt64]

    /// Keeps all parameters.
    package init(count: Int) {
        self.count = count
        removed = [UInt64](repeating: 0, count: (count + 63) / 64)
    }

    /// Decodes the ``words`` of a saved mask; nil if they do not fit `count` parameters.
    package init?(count: Int, words: [Int64]) {
        self.init(count: count)
        guard words.count == removed.count else { return nil }
        removed = words.map { UInt64(bitPattern: $0) }
        if count % 64 > 0, let last = removed.last, last >> UInt64(count % 64) != 0 { return nil }
    }

    /// The encoding in a checkpoint.
    package var words: [Int64] { removed.map { Int64(bitPattern: $0) } }

    /// The number of words for `count` parameters.
    package static func wordCount(_ count: Int) -> Int { (count + 63) / 64 }

    package mutating func remove(_ index: Int) { removed[index / 64] |= 1 << UInt64(index % 64) }

    package func keeps(_ index: Int) -> Bool { removed[index / 64] >> UInt64(index % 64) & 1 == 0 }

    package func removedCount(in range: Range<Int>) -> Int { range.count { !keeps($0) } }

    /// Sets the removed parameters of a flat vector to zero.
    package func clear(_ values: inout [Float]) {
        precondition(values.count == count, "a mask belongs to vectors of its own length")
        clear(&values, in: 0..<count)
    }

    /// Sets the removed parameters in a range of a flat vector to zero.
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
