import Collectives
import Foundation
import Testing

@Suite struct StopSignalTests {
    @Test func terminationAsksForAStop() async {
        await #expect(processExitsWith: .success) {
            StopSignal.install()
            guard !StopSignal.requested else { exit(1) }
            exit(isSeen(after: SIGTERM) ? 0 : 2)
        }
    }

    @Test(arguments: [SIGHUP, SIGINT]) func aClosedTerminalAndAnInterruptAskForAStop(signal number: Int32)
        async
    {
        await #expect(processExitsWith: .success) { [number] in
            signal(number, SIG_DFL)
            StopSignal.install()
            exit(isSeen(after: number) ? 0 : 2)
        }
    }

    @Test func aSecondInterruptEndsTheProcess() async {
        await #expect(processExitsWith: .signal(SIGINT)) {
            signal(SIGINT, SIG_DFL)
            StopSignal.install()
            guard isSeen(after: SIGINT) else { exit(2) }
            kill(getpid(), SIGINT)
            sleep(60)
            exit(3)
        }
    }

    @Test(arguments: [SIGHUP, SIGINT]) func whatIsIgnoredStaysIgnored(signal number: Int32) async {
        await #expect(processExitsWith: .success) { [number] in
            signal(number, SIG_IGN)
            StopSignal.install()
            kill(getpid(), number)
            usleep(200_000)
            exit(StopSignal.requested ? 2 : 0)
        }
    }

    @Test func theFirstUserSignalAsksForAStopHoweverOftenItComes() async {
        await #expect(processExitsWith: .success) {
            StopSignal.install()
            guard isSeen(after: SIGUSR1) else { exit(2) }
            exit(isSeen(after: SIGUSR1) ? 0 : 3)
        }
    }
}

/// Whether the wish is known soon after the process was sent the signal, which any of its threads may take.
private func isSeen(after signal: Int32) -> Bool {
    kill(getpid(), signal)
    for _ in 0..<1000 where !StopSignal.requested { usleep(10_000) }
    return StopSignal.requested
}
