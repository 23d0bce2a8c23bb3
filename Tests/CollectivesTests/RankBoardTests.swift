import Collectives
import Testing

/// The page on which a node's ranks publish their progress.
@Suite struct RankBoardTests {
    @Test func aSnapshotHasWhatTheRankPublished() {
        let board = RankBoard(count: 3)
        board.begin(1, rank: 5, process: 77, at: 10)
        board.enter(1, .evaluation, step: 40, at: 11)
        board.enter(1, microBatch: 3, at: 12)
        board.beat(1, stopRequested: false, at: 14)
        var expected = RankSnapshot(
            rank: 5, process: 77, phase: .evaluation, step: 40, microBatch: 3, calls: 0, isInCall: false,
            since: 12,
            beat: 14)
        #expect(board.snapshot(1) == expected)
        board.arrive(1, call: 8, at: 13)
        (expected.calls, expected.isInCall, expected.since) = (8, true, 13)
        #expect(board.snapshots[1] == expected)
        board.leave(1, at: 15)
        (expected.isInCall, expected.since) = (false, 15)
        #expect(board.snapshot(1) == expected)
        #expect(board.snapshot(0).process == 0 && board.snapshot(2).process == 0)
    }

    @Test func onlyOneRankClaimsACall() {
        let board = RankBoard(count: 2)
        #expect(board.claimWarning(call: 4, of: .world))
        #expect(!board.claimWarning(call: 4, of: .world))
        #expect(!board.claimWarning(call: 3, of: .world))
        #expect(board.claimWarning(call: 5, of: .world))
        board.setGroup(1, .led(by: 1))
        #expect(board.claimWarning(call: 2, of: .led(by: 1)))
        #expect(!board.claimWarning(call: 2, of: .led(by: 1)))
        #expect(board.claimEnd())
        #expect(!board.claimEnd())
    }

    @Test func theLongestOfAllRanksCounts() {
        let board = RankBoard(count: 2)
        #expect(board.longestInterval(.step) == nil)
        board.setInterval(0, .step, 2)
        board.setInterval(1, .step, 3)
        board.setRound(0, .step, 7)
        #expect(board.longestInterval(.step) == 3)
        #expect(board.longestRound(.step) == 7)
        #expect(board.longestInterval(.evaluation) == nil)
        #expect(board.interval(0, .step) == 2 && board.round(1, .step) == 0)
    }

    @Test func aStopRequestOfAnyRankIsSeen() {
        let board = RankBoard(count: 2)
        #expect(!board.isStopRequested)
        board.beat(1, stopRequested: true, at: 1)
        #expect(board.isStopRequested)
    }

    @Test func aFaultIsForOneRankAndPhase() {
        let variable = ["HADAMESH_STOP_AT": "2:step:20"]
        #expect(StallFault([:], rank: 2) == nil)
        #expect(StallFault(variable, rank: 1) == nil)
        let fault = StallFault(variable, rank: 2)
        #expect(fault?.isDue(.step, step: 19) == false)
        #expect(fault?.isDue(.evaluation, step: 20) == false)
        #expect(fault?.isDue(.step, step: 20) == true)
    }
}
