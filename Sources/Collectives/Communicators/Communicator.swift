/// A group of ranks.
///
/// Calls are collective: every rank of the group must make the same calls in the same order, and no call
/// returns before all ranks have entered it. When a rank throws, its world ends the other ranks' pending
/// calls.
package protocol Communicator: Sendable {
    /// This rank's number in the group, from 0.
    var rank: Int { get }

    /// The number of ranks in the group.
    var size: Int { get }

    /// The time of this rank's calls so far.
    var statistics: CommunicationStatistics { get }

    /// Records this rank's progress, so that a stall can be attributed to it; nil if stalls are not watched
    /// for.
    var watch: StallWatch? { get }

    func barrier() throws

    /// Replaces every rank's elements by the element-wise reduction over all ranks.
    ///
    /// Integer results do not depend on the number of ranks. Floating-point sums do: use ``ExactSum``
    /// instead.
    func allReduce<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, _ operation: Reduction) throws

    /// Replaces every rank's elements by the root's.
    func broadcast<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, from root: Int) throws

    /// The ranks of this group on this rank's node, in the same order.
    ///
    /// The first call is collective; later calls return the same communicator without communicating.
    func nodeCommunicator() throws -> any Communicator

    /// This group, with another wait policy on this rank; the statistics are shared.
    ///
    /// Ranks that are threads of one process always sleep.
    func withWaitPolicy(_ policy: WaitPolicy) -> any Communicator

    /// The ranks that pass the same color, in the same order; nil for a rank that passes nil.
    ///
    /// The caller must ``free()`` the new communicator.
    func split(color: Int32?) throws -> (any Communicator)?

    /// Frees the MPI communicator. No call may follow.
    func free() throws

    /// Every rank's numbers, by rank; all ranks must pass equally many.
    func allGather(_ value: [Int64]) throws -> [[Int64]]

    /// Calls `take` on the root with each rank's numbers, in rank order; counts may differ.
    ///
    /// The root holds the numbers of only one other rank at a time.
    func gather(
        _ value: [Int64], to root: Int, _ take: (_ rank: Int, _ numbers: [Int64]) throws -> Void) throws
}

extension Communicator {
    package var watch: StallWatch? { nil }

    package func withWaitPolicy(_ policy: WaitPolicy) -> any Communicator { self }

    /// Replaces every rank's array by the element-wise reduction over all ranks.
    package func allReduce<T: MPIElement>(_ values: inout [T], _ operation: Reduction) throws {
        try values.withUnsafeMutableBufferPointer { try allReduce($0, operation) }
    }

    /// One number reduced over all ranks.
    package func allReduce<T: MPIElement>(_ value: T, _ operation: Reduction) throws -> T {
        var values = [value]
        try allReduce(&values, operation)
        return values[0]
    }

    /// Replaces every rank's array by the root's.
    ///
    /// Lengths may differ: the root sends its length first.
    package func broadcast<T: MPIElement>(_ values: inout [T], from root: Int) throws {
        var length = [Int64(values.count)]
        try length.withUnsafeMutableBufferPointer { try broadcast($0, from: root) }
        let count = Int(length[0])
        if rank != root, values.count != count { values = [T](repeating: .zero, count: count) }
        guard count > 0 else { return }
        try values.withUnsafeMutableBufferPointer { try broadcast($0, from: root) }
    }

    /// Every rank's text, by rank.
    package func allGather(text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        let lengths = try allGather([Int64(bytes.count)]).map { Int($0[0]) }
        let wordCount = ((lengths.max() ?? 0) + 7) / 8
        guard wordCount > 0 else { return lengths.map { _ in "" } }
        var own = [Int64](repeating: 0, count: wordCount)
        own.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
        return zip(try allGather(own), lengths).map { words, length in
            words.withUnsafeBytes { String(decoding: $0.prefix(length), as: UTF8.self) }
        }
    }
}
