import Glibc
import Synchronization

/// The wish, sent as SIGTERM, SIGUSR1, SIGHUP or SIGINT, that the run stop after a checkpoint.
///
/// The handler does little more than set an atomic flag, which is all that a signal handler safely may. Ranks see
/// the signal at different moments, so they must agree, by a maximum over all, on the step at which they stop.
package enum StopSignal {
    /// Starts listening.
    ///
    /// The flag is touched first, so that it is initialised before any handler runs. A second SIGINT ends the process at
    /// once. What whoever started the process had it ignore, as `nohup` does with SIGHUP, stays ignored.
    package static func install() {
        flag.store(flag.load(ordering: .relaxed), ordering: .relaxed)
        for number in [SIGTERM, SIGUSR1] {
            signal(number) { _ in flag.store(true, ordering: .relaxed) }
        }
        if !isIgnored(SIGHUP) { signal(SIGHUP) { _ in flag.store(true, ordering: .relaxed) } }
        if !isIgnored(SIGINT) {
            signal(SIGINT) { number in
                guard flag.exchange(true, ordering: .relaxed) else { return }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// Whether one of the signals has come to this rank.
    package static var requested: Bool { flag.load(ordering: .relaxed) }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        // The C macro for "ignored" is a pointer of value 1.
        return sigaction(number, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}

private let flag = Atomic<Bool>(false)
