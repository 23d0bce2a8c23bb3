/// Loads that grow, by number, and which of them is the least; of equals the one with the lower number.
///
/// A binary heap: each change costs the logarithm of how many there are.
struct LeastFirst<Load: Comparable & AdditiveArithmetic> {
    /// No element is less than the one above it, at half its position.
    private var heap: [(load: Load, number: Int)]

    /// Takes loads, numbered from 0.
    init(_ loads: [Load]) {
        heap = loads.enumerated().map { ($1, $0) }
        for position in heap.indices.reversed() { sink(position) }
    }

    /// The number of the least; nil where none is left.
    var first: Int? { heap.first?.number }

    /// Adds to the least, which then may be so no more.
    mutating func addToFirst(_ load: Load) {
        heap[0].load += load
        sink(0)
    }

    /// Takes the least away.
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
