import Collectives
import Foundation
import Testing

@Suite struct StopSignalTests {
    @Test func terminationAsksForAStop() async {
        await #expect(processExitsWith: .success) {
            StopSignal.install()
            guard !StopSignal.requested else { exit(1) }
            raise(SIGTERM)
            exit(StopSignal.requested ? 0 : 2)
        }
    }

    @Test func theFirstUserSignalAsksForAStop() async {
        await #expect(processExitsWith: .success) {
            StopSignal.install()
            raise(SIGUSR1)
            raise(SIGUSR1)
            exit(StopSignal.requested ? 0 : 2)
        }
    }
}
