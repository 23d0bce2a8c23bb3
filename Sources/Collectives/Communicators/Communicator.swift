/// A group of ranks that act together.
///
/// Every rank of the group must make the same calls in the same order: each call returns when all
/// have made it, and its name says what every rank then holds. A rank that cannot go on throws;
/// the world it belongs to then ends the others' calls.
package protocol Communicator: Sendable {
    /// This rank's place in the group, from zero.
    var rank: Int { get }

    /// How many ranks the group has.
    var size: Int { get }

    /// What this rank's calls have moved and cost so far.
    var statistics: CommunicationStatistics { get }

    /// Where this rank says what it does, so that the others can name it when it stalls; nil where nobody watches.
    var watch: StallWatch? { get }

    /// Returns once every rank has called it.
    func barrier() throws

    /// Replaces every rank's elements by the element-wise reduction over all ranks.
    ///
    /// Integers give the same bits for any number of ranks. Floating-point sums do not: ``ExactSum`` does.
    func allReduce<T: Transferable>(_ data: UnsafeMutableBufferPointer<T>, _ operation: Reduction) throws

    /// Replaces every rank's elements by the root's.
    func broadcast<T: Transferable>(_ data: UnsafeMutableBufferPointer<T>, from root: Int) throws

    /// The ranks of this group that run on this rank's node, in the same order; all ranks must call it.
    ///
    /// It is made once: later calls return the same communicator and exchange nothing.
    func nodeCommunicator() throws -> any Communicator

    /// The ranks that name the same color, in the same order; nil where this rank names none. All ranks must call it.
    ///
    /// The group is a communicator of its own, to be given back with ``free()``.
    func split(color: Int32?) throws -> (any Communicator)?

    /// Gives back what the library holds for this group; all its ranks must call it, and make no later call.
    func free() throws

    /// Every rank's numbers, in the order of the ranks; all must bring equally many.
    func allGather(_ value: [Int64]) throws -> [[Int64]]

    /// Hands every rank's numbers to the root's `take`, in the order of the ranks; each may bring as many as it has.
    ///
    /// The root holds those of one other rank at a time, and nobody else holds any but its own.
    func gather(
        _ value: [Int64], to root: Int, _ take: (_ rank: Int, _ numbers: [Int64]) throws -> Void) throws
}

/// How the ranks' elements combine.
package enum Reduction: Sendable {
    /// Added; integers wrap.
    case sum
    /// The largest.
    case max
    /// The smallest.
    case min
}

extension Communicator {
    package var watch: StallWatch? { nil }

    /// Replaces every rank's array by the element-wise reduction over all ranks.
    package func allReduce<T: Transferable>(_ values: inout [T], _ operation: Reduction) throws {
        try values.withUnsafeMutableBufferPointer { try allReduce($0, operation) }
    }

    /// One number reduced over all ranks.
    package func allReduce<T: Transferable>(_ value: T, _ operation: Reduction) throws -> T {
        var values = [value]
        try allReduce(&values, operation)
        return values[0]
    }

    /// Replaces every rank's array by the root's, of any length: the length travels first.
    package func broadcast<T: Transferable>(_ values: inout [T], from root: Int) throws {
        var length = [Int64(values.count)]
        try length.withUnsafeMutableBufferPointer { try broadcast($0, from: root) }
        let count = Int(length[0])
        if rank != root, values.count != count { values = [T](repeating: .zero, count: count) }
        guard count > 0 else { return }
        try values.withUnsafeMutableBufferPointer { try broadcast($0, from: root) }
    }

    /// Every rank's text, in the order of the ranks; they may have any lengths.
    package func allGather(text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        let lengths = try allGather([Int64(bytes.count)]).map { Int($0[0]) }
        let words = ((lengths.max() ?? 0) + 7) / 8
        guard words > 0 else { return lengths.map { _ in "" } }
        var own = [Int64](repeating: 0, count: words)
        own.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
        return zip(try allGather(own), lengths).map { words, length in
            words.withUnsafeBytes { String(decoding: $0.prefix(length), as: UTF8.self) }
        }
    }
}
