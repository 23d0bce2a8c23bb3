import Collectives
import Testing

/// How long ranks wait for one that makes no progress.
@Suite struct StallLimitsTests {
    private func learned(_ phase: RankPhase, _ slowest: Double?) -> [Double?] {
        let limits = StallLimits().seconds(phase, slowest: slowest)
        return [limits.warn, limits.stop]
    }

    @Test func learnedLimitsFollowTheSlowestSeen() {
        #expect(learned(.step, 0.2) == [60, 300])
        #expect(learned(.step, 6) == [60, 300])
        #expect(learned(.step, 20) == [200, 1000])
        #expect(learned(.evaluation, 1000) == [10_000, 50_000])
    }

    /// Reading a large backbone or writing a first checkpoint may take long, and nothing predicts it.
    @Test func whatNothingPredictsHasTenMinutes() {
        #expect(learned(.checkpoint, nil) == [600, 3000])
        #expect(learned(.startUp, nil) == [600, 3000])
        #expect(learned(.startUp, 3) == [600, 3000])
        #expect(learned(.finishing, 100) == [1000, 5000])
    }

    @Test func givenLimitsHoldInEveryPhase() {
        for phase in RankPhase.allCases {
            let limits = StallLimits(warn: 2, stop: 7).seconds(phase, slowest: 50)
            #expect([limits.warn, limits.stop] == [2, 7])
        }
    }

    @Test func zeroTurnsALimitOff() {
        let never = StallLimits(warn: 0, stop: 0).seconds(.step, slowest: 1)
        #expect(never.warn == nil && never.stop == nil)
        let warns = StallLimits(stop: 0).seconds(.step, slowest: 1)
        #expect(warns.warn == 60 && warns.stop == nil)
        let ends = StallLimits(warn: 0).seconds(.step, slowest: 1)
        #expect(ends.warn == nil && ends.stop == 300)
    }

    @Test func oneLimitFollowsTheOther() {
        let warned = StallLimits(warn: 4).seconds(.step, slowest: 1)
        #expect(warned.warn == 4 && warned.stop == 20)
        let stopped = StallLimits(stop: 30).seconds(.step, slowest: 1)
        #expect(stopped.warn == 30 && stopped.stop == 30)
    }
}
