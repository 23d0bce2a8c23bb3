import Diagnostics
import Foundation

/// The barrier at which the threads of a group exchange their buffers.
///
/// Sendable because every property is accessed only with the condition locked.
final class Rendezvous: @unchecked Sendable {
    let size: Int
    private let condition = NSCondition()
    private var contributions: [Contribution?]
    private var arrived = 0
    private var generation = 0
    private var departure: Failure?
    private var error: (any Error)?
    private var children: [Rendezvous] = []

    init(size: Int) {
        self.size = size
        contributions = [Contribution?](repeating: nil, count: size)
    }

    /// The first error that a rank threw.
    var firstError: (any Error)? {
        condition.lock()
        defer { condition.unlock() }
        return error
    }

    /// Waits for all ranks and returns their contributions, by rank.
    func gather(_ rank: Int, _ contribution: Contribution) throws -> [Contribution] {
        condition.lock()
        defer { condition.unlock() }
        contributions[rank] = contribution
        try wait()
        let all = contributions.compactMap { $0 }
        for other in all where other.call != contribution.call {
            throw Failure(.rank, "rank \(rank) calls \(contribution.call) where another calls \(other.call)")
        }
        return all
    }

    /// Waits until all ranks are done reading each other's buffers.
    func leave() throws {
        condition.lock()
        defer { condition.unlock() }
        try wait()
    }

    /// A rendezvous for a subgroup of these threads.
    func child(size: Int) -> Rendezvous {
        condition.lock()
        defer { condition.unlock() }
        let child = Rendezvous(size: size)
        child.departure = departure
        children.append(child)
        return child
    }

    /// Removes a rank for good: ranks that wait for it here or in a subgroup, now or later, throw.
    func end(_ rank: Int, because cause: (any Error)?) {
        condition.lock()
        defer { condition.unlock() }
        if let cause, error == nil { error = cause }
        let departure =
            departure
            ?? Failure(
                .rank, cause.map { "rank \(rank) failed: \($0)" } ?? "rank \(rank) has already returned")
        self.departure = departure
        condition.broadcast()
        // A finished rank may leave its subgroups early; a failed one takes them down.
        for child in children where cause != nil { child.abandon(departure) }
    }

    private func abandon(_ departure: Failure) {
        condition.lock()
        defer { condition.unlock() }
        self.departure = self.departure ?? departure
        condition.broadcast()
        for child in children { child.abandon(departure) }
    }

    private func wait() throws {
        if let departure { throw departure }
        arrived += 1
        if arrived == size {
            arrived = 0
            generation += 1
            condition.broadcast()
            return
        }
        let mine = generation
        while generation == mine {
            if let departure { throw departure }
            condition.wait()
        }
    }

    /// One rank's call and buffer in a collective.
    struct Contribution {
        let call: String
        let buffer: UnsafeMutableRawPointer?
    }
}
