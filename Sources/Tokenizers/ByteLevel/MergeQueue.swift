/// Candidates for merging, as a binary heap: the lowest rank first, the leftmost of equal ones.
struct MergeQueue {
    struct Candidate {
        let rank: Int32
        /// The index of the pair's left symbol.
        let place: Int32
        /// The token that the pair becomes.
        let token: Int32

        func precedes(_ other: Candidate) -> Bool { (rank, place) < (other.rank, other.place) }
    }

    private var heap: [Candidate] = []

    mutating func insert(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0, case let parent = (child - 1) / 2, heap[child].precedes(heap[parent]) {
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes the best candidate; nil if there is none.
    mutating func removeFirst() -> Candidate? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return first }
            let right = left + 1
            let child = right < heap.count && heap[right].precedes(heap[left]) ? right : left
            if !heap[child].precedes(heap[parent]) { return first }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
