import Collectives
import Coordination
import Diagnostics
import Formats
import Runs
import TestSupport
import Testing

@Suite("Ranks agree")
struct RankAgreementTests {
    private func failures(_ ranks: Int, _ make: @escaping @Sendable (Int) -> [(String, String)]) throws
        -> [Failure?]
    {
        try ThreadWorld.run(ranks) { world in
            var agreement = RankAgreement()
            for (name, value) in make(world.rank) { agreement.add(name, value) }
            do {
                try agreement.check(world)
                return nil
            } catch let failure as Failure { return failure }
        }
    }

    @Test("Equal facts pass on any number of ranks", arguments: 1...4)
    func equal(ranks: Int) throws {
        #expect(
            try failures(ranks) { _ in [("seed", "1"), ("empty", "")] }
                == [Failure?](repeating: nil, count: ranks))
    }

    @Test("The first difference is named on every rank, with the values of all ranks")
    func different() throws {
        let all = try failures(3) { rank in
            [("seed", "1"), ("data of rte", rank == 1 ? "b" : "a"), ("rate", "\(rank)")]
        }
        let failure = try #require(all[0])
        #expect(all == [failure, failure, failure])
        #expect(failure.kind == .data && failure.location == "data of rte")
        #expect(failure.message.hasPrefix("differs between ranks: a on ranks 0, 2 ("))
        #expect(failure.message.contains("b on rank 1 (") && failure.message.hasSuffix("(and 1 more: rate)"))
    }

    @Test("A fact that a rank lacks differs")
    func lacking() throws {
        let all = try failures(2) { $0 == 0 ? [("x", "1")] : [] }
        #expect(all[0]?.message.contains("nothing on rank 1") == true)
    }

    @Test(
        "A replica that differs from the others is named at the next checkpoint"
    )
    func replicas() throws {
        let study = try TinyStudy(["checkpoint.every": 2])
        let (context, identity, folder) = (study.context, study.identity, try TemporaryFolder())
        let path = folder.path
        let failures = try ThreadWorld.run(3) { world -> Failure? in
            let output = world.rank == 0 ? RunOutput(RunDirectory(path: path), observers: []) : nil
            let faulty: any Communicator = world.rank == 1 ? FaultyCommunicator(world) : world
            do {
                let run = try TrainingRun(context, faulty, output: output)
                try run.begin(identity: identity, resuming: false)
                _ = try run.run()
                return nil
            } catch let failure as Failure { return failure }
        }
        let failure = try #require(failures[0])
        #expect(failures == [failure, failure, failure])
        #expect(failure.kind == .rank && failure.location == "step 2")
        #expect(
            failure.message.hasPrefix(
                "the ranks' replicas of the state differ: parameters differs between ranks"))
        #expect(failure.message.contains("on ranks 0, 2 (") && failure.message.contains("on rank 1 ("))
    }

    @Test("A replica whose numbers agree but not its progress is refused")
    func progress() throws {
        let context = try TinyStudy().context
        let failures = try ThreadWorld.run(2) { world -> Failure? in
            var state = TrainingState(context.store, tasks: context.names.count)
            state.evaluatedAt = world.rank
            do {
                try RankAgreement.checkReplicas(state, tasks: context.names, world)
                return nil
            } catch let failure as Failure { return failure }
        }
        #expect(failures.allSatisfy { $0?.message.contains(": progress differs between ranks") == true })
    }
}

/// A rank with faulty memory, which corrupts the second sum of gradients that it receives.
private final class FaultyCommunicator: ForwardingCommunicator, @unchecked Sendable {
    private var sums = 0

    override func received<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>) {
        guard T.kind == .i64, data.count > 8 else { return }
        sums += 1
        if sums == 2 { data[0] = T.sum(data[0], data[0]) }
    }
}
