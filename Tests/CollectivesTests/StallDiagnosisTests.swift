import Collectives
import Diagnostics
import Foundation
import Testing

/// The rank that is found to be behind, and the messages about it.
@Suite struct StallDiagnosisTests {
    private static let now = 1000.0

    /// A rank that has waited in its seventh collective for some seconds.
    private func waiter(_ rank: Int, for seconds: Double) -> RankSnapshot {
        RankSnapshot(
            rank: rank, process: Int32(100 + rank), phase: .step, step: 411, microBatch: 2, calls: 7,
            isInCall: true,
            since: Self.now - seconds, beat: Self.now - 0.1)
    }

    /// A rank that has not entered the seventh collective and made its last progress some seconds ago.
    private func late(_ rank: Int, for seconds: Double, beat: Double = 0.1) -> RankSnapshot {
        RankSnapshot(
            rank: rank, process: Int32(100 + rank), phase: .evaluation, step: 411, microBatch: 9, calls: 6,
            isInCall: false, since: Self.now - seconds, beat: Self.now - beat)
    }

    private func diagnose(_ ranks: [RankSnapshot], from slot: Int = 0) -> StallDiagnosis? {
        StallDiagnosis(ranks, slot: slot, now: Self.now)
    }

    @Test func aRankThatComputesDiagnosesNothing() {
        #expect(diagnose([waiter(0, for: 9), late(1, for: 90)], from: 1) == nil)
    }

    @Test func theRankThatHasNotComeIsBehind() throws {
        let found = try #require(diagnose([waiter(0, for: 80), late(1, for: 74), waiter(2, for: 75)]))
        #expect(found.behind?.rank == 1)
        #expect(found.moreBehind == 0)
        #expect(found.waiting == 2)
        #expect(found.seconds == 74)
    }

    /// A slow rank that completes micro-batches is no stall, however long the others wait.
    @Test func progressOfTheRankThatIsBehindRestartsTheTime() throws {
        let found = try #require(diagnose([waiter(0, for: 500), late(1, for: 3)]))
        #expect(found.behind?.rank == 1)
        #expect(found.seconds == 3)
    }

    @Test func theLongestWithoutProgressIsNamed() throws {
        let found = try #require(
            diagnose([waiter(0, for: 100), late(1, for: 5), late(2, for: 90, beat: 90), late(3, for: 1)]))
        #expect(found.behind?.rank == 2)
        #expect(found.moreBehind == 2)
        #expect(found.seconds == 90)
    }

    /// A rank may be stopped inside the collective; its watch is then silent as well.
    @Test func aRankThatWasStoppedInsideTheCollectiveIsBehind() throws {
        var stopped = waiter(1, for: 80)
        stopped.beat = Self.now - 70
        let found = try #require(diagnose([waiter(0, for: 75), stopped]))
        #expect(found.behind?.rank == 1)
        #expect(found.waiting == 1)
        #expect(found.seconds == 70)
    }

    /// Rank 0 writes a checkpoint from its watch, which is then silent.
    @Test func aRankThatSavesIsNotBehind() throws {
        var saving = waiter(0, for: 80)
        saving.beat = Self.now - 20
        saving.isSaving = true
        #expect(try #require(diagnose([saving, waiter(1, for: 80)], from: 1)).behind == nil)
    }

    @Test func ifAllWaitTheLastArrivalCounts() throws {
        let found = try #require(diagnose([waiter(0, for: 80), waiter(1, for: 30)]))
        #expect(found.behind == nil)
        #expect(found.seconds == 30)
    }

    // MARK: Groups

    /// A rank of the group that rank `leader` leads.
    private func member(_ rank: RankSnapshot, of leader: Int) -> RankSnapshot {
        var rank = rank
        rank.group = .led(by: leader)
        return rank
    }

    private func gathering(_ rank: Int, for seconds: Double) -> RankSnapshot {
        var waiter = waiter(rank, for: seconds)
        waiter.group = .gathering
        waiter.calls += 1 << 32
        return waiter
    }

    @Test func aGroupWaitsForItsOwnRanksAlone() throws {
        let others = [member(late(2, for: 300), of: 2), member(waiter(3, for: 90), of: 2)]
        let whole = [member(waiter(0, for: 5), of: 0), member(waiter(1, for: 4), of: 0)]
        #expect(try #require(diagnose(whole + others)).behind == nil)
        let found = try #require(diagnose(whole + others, from: 3))
        #expect(found.behind?.rank == 2 && found.waiting == 1 && found.seconds == 90)
    }

    /// The work of groups ends at different times.
    @Test func aGroupThatWorksIsNoStallForThoseThatHaveGathered() throws {
        #expect(diagnose([gathering(0, for: 900), member(waiter(1, for: 3), of: 1)]) == nil)
        let found = try #require(diagnose([gathering(0, for: 900), member(late(1, for: 2), of: 1)]))
        #expect(found.seconds == 2)
        let stopped = member(late(1, for: 40, beat: 40), of: 1)
        #expect(try #require(diagnose([gathering(0, for: 900), stopped])).behind?.rank == 1)
        // Ranks on another node are not seen.
        #expect(diagnose([gathering(0, for: 900)]) == nil)
    }

    @Test func aGroupOccupiesPartOfTheNodes() {
        let world = RankNodes(all: Self.threeNodes, own: 1)
        let group = world.restricted(to: [1, 2])
        #expect(group.all.map(\.ranks) == [[1], [2]] && group.own == 1 && group.size == 2)
        #expect(world.restricted(to: [2, 3]).isFirst)
    }

    // MARK: Words

    private func report(
        _ ranks: [RankSnapshot], _ nodes: [RankNodes.Node], own: Int = 0, _ state: Character? = "S"
    ) throws -> StallReport {
        let found = try #require(diagnose(ranks))
        return StallReport(
            diagnosis: found, nodes: RankNodes(all: nodes, own: own),
            process: found.behind.map { _ in ProcessState(letter: state) })
    }

    private static let oneNode = [RankNodes.Node(hostName: "node03", ranks: [0, 1, 2])]
    private static let threeNodes = [
        RankNodes.Node(hostName: "node01", ranks: [0, 1]), .init(hostName: "node02", ranks: [2, 3]),
        .init(hostName: "node03", ranks: [4]),
    ]

    @Test func aStoppedRankIsNamedWithWhatHelps() throws {
        let report = try report(
            [waiter(0, for: 80), waiter(1, for: 75), late(2, for: 74)], Self.oneNode, "T")
        #expect(
            report.warning(left: 226)
                == "2 of 3 ranks have waited 74 s in step 412 for rank 2 on node03, pid 102: it is still in "
                + "the evaluation after step 411, micro-batch 9, and its process is stopped (T); "
                + "run 'kill -CONT 102' there to resume it; otherwise the job ends in 226 s")
        #expect(report.resumed(after: 80.3) == "rank 2 on node03, pid 102 resumed after 80 s")
        let failure = report.failure(.step(411), resumption: "hadamesh train --resume runs/a")
        #expect(failure.kind == .stalled)
        #expect(
            "\(failure)"
                == "rank 2 on node03, pid 102: no progress in the evaluation after step 411, micro-batch 9 "
                + "while 2 of 3 ranks waited 74 s; its process is stopped (T); the state after step 411 is "
                + "saved; resume with: hadamesh train --resume runs/a"
        )
    }

    @Test(
        arguments: [
            ("D", "is waiting for a disk (D)"), ("R", "is running (R)"), ("S", "is sleeping (S)"),
            ("Z", "is gone"),
            (nil, "is gone"), ("t", "is stopped by a debugger (t)"),
        ] as [(Character?, String)])
    func theProcessStateIsNamed(letter: Character?, words: String) throws {
        let report = try report([waiter(0, for: 80), late(1, for: 74)], Self.oneNode, letter)
        #expect(report.warning(left: nil).contains("its process \(words)"))
    }

    @Test func nodesWithoutVisibleStateAreNamed() throws {
        let report = try report([waiter(0, for: 80), waiter(1, for: 75)], Self.threeNodes)
        #expect(
            report.warning(left: nil)
                == "2 of the 2 ranks on node01 have waited 75 s in step 412 for the ranks of node02 (ranks 2, 3), node03 "
                + "(rank 4): their state is not visible from node01; check that these nodes are up and reachable"
        )
    }

    /// Without shared memory, a rank sees none of the other ranks of its node.
    @Test func aRankWithoutABoardIsOnANodeOfItsOwn() {
        let nodes = RankNodes(all: Self.threeNodes, own: 1).isolating(3)
        #expect(nodes.all.map(\.ranks) == [[0, 1], [2], [3], [4]])
        #expect(nodes.own == 2)
        #expect(nodes.size == 5)
        #expect(nodes.others == "node01 (ranks 0, 1), node02 (rank 2), node03 (rank 4)")
        let alone = RankNodes(all: [.init(hostName: "node01", ranks: [0])], own: 0)
        #expect(alone.isolating(0) == alone)
    }

    @Test func theFailureSaysIfTheStateIsNotSaved() throws {
        let report = try report([waiter(0, for: 80), late(1, for: 74)], Self.oneNode, "T")
        #expect(
            "\(report.failure(.failed("no room"), resumption: ""))".contains(
                "the state could not be saved: no room"))
        #expect("\(report.failure(.outOfReach, resumption: ""))".contains("rank 0 could not save the state"))
        #expect(report.failure(.nothing, resumption: "").remedy == "start again")
    }

    @Test func theProcessNameMayContainParentheses() {
        let state = ProcessState(statistics: "42 (a (b) c) T 1 42 42 0 -1 4194560 2001 0 17 0 9 3 0 0 20 0")
        #expect(state.letter == "T")
        #expect(state.majorFaults == 17)
        #expect(ProcessState.read(0).isGone)
        #expect(!ProcessState.of(getpid()).isGone)
    }
}
