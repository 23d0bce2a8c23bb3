import Diagnostics
import Foundation

/// What one rank brings to a collective: its buffer, and what it believes the call to be.
struct Contribution {
    let call: String
    let buffer: UnsafeMutableRawPointer?
}

/// The place where the threads of a group meet, call after call.
///
/// Safe to share: every property is only read and written with the condition locked.
final class Rendezvous: @unchecked Sendable {
    let size: Int
    private let condition = NSCondition()
    private var brought: [Contribution?]
    private var arrived = 0
    private var generation = 0
    private var departure: Failure?
    private var error: (any Error)?
    private var children: [Rendezvous] = []

    init(size: Int) {
        self.size = size
        brought = [Contribution?](repeating: nil, count: size)
    }

    /// The error that was thrown first, if any was.
    var firstError: (any Error)? {
        condition.lock()
        defer { condition.unlock() }
        return error
    }

    /// Waits for all ranks and returns what each brought, in the order of the ranks.
    func gather(_ rank: Int, _ contribution: Contribution) throws -> [Contribution] {
        condition.lock()
        defer { condition.unlock() }
        brought[rank] = contribution
        try wait()
        let all = brought.compactMap { $0 }
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

    /// A place for a group of these threads.
    func child(size: Int) -> Rendezvous {
        condition.lock()
        defer { condition.unlock() }
        let child = Rendezvous(size: size)
        child.departure = departure
        children.append(child)
        return child
    }

    /// Takes a rank out for good: whoever waits for it here or in a group, now or later, throws.
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
        // A rank that is done may leave before the others of its world, but not one that failed.
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
}
