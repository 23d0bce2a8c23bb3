import Diagnostics
import Foundation
import Synchronization

/// Ranks as threads of this process, for tests without a launcher.
package enum ThreadWorld {
    /// Runs `body` once per rank, each on its own thread, and returns the results by rank.
    ///
    /// When a rank throws, the others' pending and later collectives throw too, and `run` throws the first
    /// error. A rank that returns while others wait for it is also an error; under MPI it would hang.
    package static func run<R: Sendable>(
        _ size: Int, _ body: @escaping @Sendable (any Communicator) throws -> R
    ) throws -> [R] {
        precondition(size > 0, "a world has at least one rank")
        let rendezvous = Rendezvous(size: size)
        let outcomes = Outcomes<R>(size: size)
        let running = DispatchGroup()
        for rank in 0..<size {
            running.enter()
            let thread = Thread {
                do {
                    outcomes.set(rank, try body(ThreadCommunicator(rank: rank, rendezvous: rendezvous)))
                    rendezvous.end(rank, because: nil)
                } catch {
                    rendezvous.end(rank, because: error)
                }
                running.leave()
            }
            thread.stackSize = 8 << 20
            thread.name = "rank \(rank)"
            thread.start()
        }
        running.wait()
        if let error = rendezvous.firstError { throw error }
        return outcomes.all
    }
}

/// The ranks' results, as they come in.
private final class Outcomes<R: Sendable>: Sendable {
    private let values: Mutex<[R?]>

    init(size: Int) { values = Mutex([R?](repeating: nil, count: size)) }

    func set(_ rank: Int, _ value: R) { values.withLock { $0[rank] = value } }

    var all: [R] { values.withLock { $0.compactMap { $0 } } }
}
