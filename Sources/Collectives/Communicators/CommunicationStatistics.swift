import Diagnostics
import Dispatch
import Synchronization

/// What a rank's collective calls have moved and cost.
package struct CommunicationStatistics: Sendable, Equatable {
    /// How many calls were made.
    package var calls = 0
    /// The payload of those calls, in bytes.
    ///
    /// A group of one rank moves nothing.
    package var bytes = 0
    /// Seconds spent until the last rank had come to the call.
    package var secondsWaiting = 0.0
    /// Seconds spent on the exchange itself, after every rank had come.
    package var secondsTransferring = 0.0

    /// Seconds spent in calls altogether.
    package var seconds: Double { secondsWaiting + secondsTransferring }

    /// No calls.
    package init() {}

    /// What was added since an earlier reading.
    package func since(_ earlier: CommunicationStatistics) -> CommunicationStatistics {
        var difference = self
        difference.calls -= earlier.calls
        difference.bytes -= earlier.bytes
        difference.secondsWaiting -= earlier.secondsWaiting
        difference.secondsTransferring -= earlier.secondsTransferring
        return difference
    }
}

/// The running statistics of one rank, shared by the communicators that belong together.
final class StatisticsCounter: Sendable {
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

/// Seconds on a clock that only goes forward.
