/// Growing loads with their numbers, and the least of them; among equal loads, the one with the lowest
/// number.
///
/// A binary heap: each change takes logarithmic time.
struct LeastFirst<Load: Comparable & AdditiveArithmetic> {
    /// No element is less than the one above it, at half its position.
    private var heap: [(load: Load, number: Int)]

    /// Numbers the loads from 0.
    init(_ loads: [Load]) {
        heap = loads.enumerated().map { ($1, $0) }
        for position in heap.indices.reversed() { sink(position) }
    }

    /// The number of the least load; nil if none is left.
    var first: Int? { heap.first?.number }

    /// Adds to the least load.
    mutating func addToFirst(_ load: Load) {
        heap[0].load += load
        sink(0)
    }

    /// Removes the least load.
    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        if !heap.isEmpty { sink(0) }
    }

    private mutating func sink(_ start: Int) {
        var position = start
        while true {
            var least = position
            for child in [2 * position + 1, 2 * position + 2]
            where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == position { return }
            heap.swapAt(position, least)
            position = least
        }
    }
}
