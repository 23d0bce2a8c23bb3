import Synchronization

/// The time of a rank's collective calls.
package struct CommunicationStatistics: Sendable, Equatable {
    /// Time until the last rank entered each call.
    package var secondsWaiting = 0.0
    /// Time for the exchange itself, once every rank had entered the call.
    package var secondsCommunicating = 0.0

    package var seconds: Double { secondsWaiting + secondsCommunicating }

    package init() {}

    /// The increase since an earlier reading.
    package func since(_ earlier: CommunicationStatistics) -> CommunicationStatistics {
        var difference = self
        difference.secondsWaiting -= earlier.secondsWaiting
        difference.secondsCommunicating -= earlier.secondsCommunicating
        return difference
    }

    /// The running statistics of one rank, shared by a communicator and those derived from it.
    final class Counter: Sendable {
        private let state = Mutex(CommunicationStatistics())

        var value: CommunicationStatistics { state.withLock { $0 } }

        func add(waiting: Double, communicating: Double) {
            state.withLock {
                $0.secondsWaiting += waiting
                $0.secondsCommunicating += communicating
            }
        }
    }
}
