import Glibc
import Synchronization

/// A request, sent as SIGTERM, SIGUSR1, SIGHUP or SIGINT, to stop the run after a checkpoint.
///
/// The handlers only set an atomic flag, which is async-signal-safe. Ranks see the signal at different times,
/// so they must agree on the step at which to stop: the maximum over all ranks.
package struct StopSignal: StopRequest {
    package init() {}

    package var isMade: Bool { Self.requested }

    /// Installs the handlers.
    ///
    /// The flag is accessed first, so that it is initialized before a handler runs. A second SIGINT kills the
    /// process. SIGHUP and SIGINT stay ignored if the parent process had them ignored, as `nohup` does. A
    /// closed output, as in `| head`, must not end the training, so SIGPIPE is ignored.
    package static func install() {
        signal(SIGPIPE, SIG_IGN)
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

    /// Whether this rank has received one of the signals.
    package static var requested: Bool { flag.load(ordering: .relaxed) }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        // SIG_IGN is a macro for a function pointer of value 1, which Swift does not import.
        return sigaction(number, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}

private let flag = Atomic<Bool>(false)
