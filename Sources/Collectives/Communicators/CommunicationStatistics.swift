import Synchronization

/// Traffic and time of a rank's collective calls.
package struct CommunicationStatistics: Sendable, Equatable {
    package var calls = 0
    /// The payload of the calls; 0 in a group of one rank.
    package var bytes = 0
    /// Time until the last rank entered each call.
    package var secondsWaiting = 0.0
    /// Time for the exchange itself, once every rank had entered the call.
    package var secondsTransferring = 0.0

    package var seconds: Double { secondsWaiting + secondsTransferring }

    package init() {}

    /// The increase since an earlier reading.
    package func since(_ earlier: CommunicationStatistics) -> CommunicationStatistics {
        var difference = self
        difference.calls -= earlier.calls
        difference.bytes -= earlier.bytes
        difference.secondsWaiting -= earlier.secondsWaiting
        difference.secondsTransferring -= earlier.secondsTransferring
        return difference
    }

    /// The running statistics of one rank, shared by a communicator and those derived from it.
    final class Counter: Sendable {
        private let state = Mutex(CommunicationStatistics())

        var value: CommunicationStatistics { state.withLock { $0 } }

        func add(bytes: Int, waiting: Double, transferring: Double) {
            state.withLock {
                $0.calls += 1
                $0.bytes += bytes
                $0.secondsWaiting += waiting
                $0.secondsTransferring += transferring
            }
        }
    }
}
