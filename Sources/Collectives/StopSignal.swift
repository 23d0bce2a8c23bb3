import Glibc
import Synchronization

/// The wish, sent as SIGTERM or SIGUSR1, that the run stop after a checkpoint.
///
/// The handler does nothing but set an atomic flag, which is all that a signal handler safely may. Ranks see
/// the signal at different moments, so they must agree, by a maximum over all, on the step at which they stop.
public enum StopSignal {
    /// Starts listening.
    ///
    /// The flag is touched first, so that it is initialised before any handler runs.
    public static func install() {
        flag.store(flag.load(ordering: .relaxed), ordering: .relaxed)
        for number in [SIGTERM, SIGUSR1] {
            signal(number) { _ in flag.store(true, ordering: .relaxed) }
        }
    }

    /// Whether one of the signals has come to this rank.
    public static var requested: Bool { flag.load(ordering: .relaxed) }
}

private let flag = Atomic<Bool>(false)
