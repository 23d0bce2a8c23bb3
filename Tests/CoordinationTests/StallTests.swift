import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import Studies
import TestSupport
import Testing

/// A run's part in handling stalls: limits, the saved state, and the line on the balance of ranks.
@Suite struct StallTests {
    // MARK: Settings

    @Test func limitsAreReadAndLearnedWhereTheyAreLeftOut() throws {
        #expect(try TinyStudy.decode().stall.limits == StallLimits())
        let given = try TinyStudy.decode(["stall.warn": 2.5, "stall.stop": 0])
        #expect(given.stall.limits == StallLimits(warn: 2.5, stop: 0))
        // The resolved study can be read again.
        let resolved = try TinyStudy.decode(
            text: String(decoding: JSONEncoder().encode(given), as: UTF8.self))
        #expect(resolved.stall == given.stall)
    }

    @Test func limitsAreNoPartOfTheIdentity() throws {
        let (one, other) = (try TinyStudy(), try TinyStudy(["stall.warn": 2, "stall.stop": 5]))
        #expect(one.identity.study == other.identity.study)
    }

    // MARK: The saved state

    /// A rank whose thread blocks in a collective while another thread has the run save its state.
    private final class HeldCommunicator: ForwardingCommunicator, @unchecked Sendable {
        let heldAt: Int
        var calls = 0
        var save: (() throws -> Int?)?
        var saved: Result<Int?, any Error>?

        struct Ended: Error {}

        init(_ inner: any Communicator, heldAt: Int) {
            self.heldAt = heldAt
            super.init(inner)
        }

        override func come() throws {
            calls += 1
            guard calls == heldAt, save != nil else { return }
            let done = DispatchSemaphore(value: 0)
            let thread = Thread { [self] in
                saved = Result { try save?() }
                done.signal()
            }
            thread.stackSize = 8 << 20
            thread.start()
            done.wait()
            throw Ended()
        }
    }

    /// Trains up to the blocked collective; returns the saved state and the number of collectives.
    private func hold(_ study: TinyStudy, into path: String, at call: Int) throws -> (saved: Int?, calls: Int)
    {
        let (context, identity) = (study.context, study.identity)
        return try ThreadWorld.run(1) { inner in
            let communicator = HeldCommunicator(inner, heldAt: call)
            let run = try TrainingRun(
                context, communicator, output: RunOutput(RunDirectory(path: path), observers: []))
            communicator.save = { [unowned run] in try run.saveBeforeStall() }
            do {
                try run.begin(identity: identity, resuming: false)
                _ = try run.run()
            } catch is HeldCommunicator.Ended {}
            return (try communicator.saved?.get() ?? nil, communicator.calls)
        }[0]
    }

    /// A run resumed from a state saved in any of its collectives ends with the same bits.
    ///
    /// FAMO compares losses before and after the update, with a collective after it.
    @Test(arguments: ["examples", "famo"])
    func theStateSavedInACollectiveGoesOnToTheSameBits(weights: String) throws {
        let study = try TinyStudy([
            "checkpoint.every": 0, "combination.weights": .string(weights), "stages.head.steps": 2,
            "stages.adapter.steps": 4,
        ])
        let whole = try TemporaryFolder()
        _ = try study.train(into: whole)
        let expected = try TrainedFiles(whole)
        let unheld = try TemporaryFolder()
        let calls = try hold(study, into: unheld.path, at: .max).calls
        var steps: Set<Int> = []
        for call in 1...calls {
            let folder = try TemporaryFolder()
            guard let step = try hold(study, into: folder.path, at: call).saved else { continue }
            steps.insert(step)
            _ = try study.train(into: folder, resuming: true)
            #expect(try TrainedFiles(folder).difference(from: expected) == nil, "call \(call) of \(calls)")
        }
        #expect(steps.count >= 5, "\(steps) of \(calls) calls")
    }

    @Test func nothingIsSavedBeforeTheRunHasBegun() throws {
        let study = try TinyStudy()
        let folder = try TemporaryFolder()
        let (context, path) = (study.context, folder.path)
        let saved = try ThreadWorld.run(1) { communicator in
            try TrainingRun(context, communicator, output: RunOutput(RunDirectory(path: path), observers: []))
                .saveBeforeStall()
        }
        #expect(saved == [nil])
        #expect(!FileManager.default.fileExists(atPath: folder.file("checkpoints")))
    }

    // MARK: Balance

    @Test func theSlowestRankAndNodeStandAgainstTheMedian() throws {
        let balance = RankBalance([
            work(0, 2, 8, "node01"), work(1, 2, 8, "node01"), work(2, 0, 10, "node02"),
            work(3, 6, 4, "node02"), work(4, 5, 5, "node03"),
        ])
        #expect(balance.waitingShare == 0.3)
        #expect(balance.slowestRank == "rank 2" && balance.node == "node02" && balance.seconds == 10)
        #expect(balance.medianSeconds == 8)
        #expect(balance.slowestNode == "node01" && balance.nodeSeconds == 8)
        #expect(
            balance.line
                == "5 ranks waited 30.0 % of their time; slowest rank 2 on node02, 1.25 times the median; "
                + "slowest node node01, 1.14 times the median")
        #expect(balance.medianNodeSeconds == 7)
        #expect(
            try JSONValue(encoding: balance).object?.map(\.0) == [
                "waitingShare", "ranks", "slowestRank", "node", "seconds", "medianSeconds", "slowestNode",
                "nodeSeconds", "medianNodeSeconds",
            ])
        let one = try JSONValue(encoding: RankBalance([work(0, 1, 1, nil)]))
        #expect(one.object?.count == 6 && one["node"]?.isNull == true)
    }

    private func work(_ rank: Int, _ waiting: Double, _ working: Double, _ node: String?)
        -> RankBalance.Work
    { RankBalance.Work(rank: rank, waiting: waiting, working: working, node: node) }

    @Test func everyRunEndsWithTheBalanceOfItsRanks() throws {
        let study = try TinyStudy()
        for ranks in [1, 3] {
            let folder = try TemporaryFolder()
            let outcome = try study.train(ranks: ranks, into: folder)
            let balances = outcome.events.compactMap {
                if case .balance(let balance) = $0 { balance } else { nil }
            }
            #expect(balances.map(\.ranks) == [ranks])
            #expect(
                balances.allSatisfy { (0...1).contains($0.waitingShare) && $0.seconds >= $0.medianSeconds })
        }
    }
}
