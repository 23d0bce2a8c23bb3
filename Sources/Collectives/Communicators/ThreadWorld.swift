import Diagnostics
import Foundation
import Synchronization

/// Ranks as threads of this process, for tests: the same code as under MPI, with no launcher.
package enum ThreadWorld {
    /// Runs `body` once per rank, each on its own thread, and returns their results in the order of the ranks.
    ///
    /// When a rank throws, the others' pending and later collectives throw too, and `run` throws the first
    /// error. A rank that returns while others wait for it is an error as well, where MPI would hang.
    package static func run<R: Sendable>(
        _ size: Int, _ body: @escaping @Sendable (any Communicator) throws -> R
    ) throws -> [R] {
        precondition(size > 0, "a world has at least one rank")
        let meeting = Meeting(size: size)
        let outcomes = Outcomes<R>(size: size)
        let running = DispatchGroup()
        for rank in 0..<size {
            running.enter()
            let thread = Thread {
                do {
                    outcomes.set(rank, try body(ThreadCommunicator(rank: rank, meeting: meeting)))
                    meeting.leave(rank, because: nil)
                } catch {
                    meeting.leave(rank, because: error)
                }
                running.leave()
            }
            thread.stackSize = 8 << 20
            thread.name = "rank \(rank)"
            thread.start()
        }
        running.wait()
        if let error = meeting.firstError { throw error }
        return outcomes.all
    }
}

/// What each rank returned.
private final class Outcomes<R: Sendable>: Sendable {
    private let values: Mutex<[R?]>

    init(size: Int) { values = Mutex([R?](repeating: nil, count: size)) }

    func set(_ rank: Int, _ value: R) { values.withLock { $0[rank] = value } }

    var all: [R] { values.withLock { $0.compactMap { $0 } } }
}

/// What one rank brings to a collective: its buffer, and what it believes the call to be.
struct Contribution {
    let call: String
    let buffer: UnsafeMutableRawPointer?
}

/// The place where the threads of a world meet.
///
/// Safe to share: every property is only read and written with the condition locked.
final class Meeting: @unchecked Sendable {
    let size: Int
    private let condition = NSCondition()
    private var brought: [Contribution?]
    private var arrived = 0
    private var generation = 0
    private var departure: Failure?
    private var error: (any Error)?

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
    func part() throws {
        condition.lock()
        defer { condition.unlock() }
        try wait()
    }

    /// Takes a rank out for good: nobody can meet it any more.
    func leave(_ rank: Int, because cause: (any Error)?) {
        condition.lock()
        defer { condition.unlock() }
        if let cause, error == nil { error = cause }
        if departure == nil {
            departure = Failure(
                .rank, cause.map { "rank \(rank) failed: \($0)" } ?? "rank \(rank) has already returned")
        }
        condition.broadcast()
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
