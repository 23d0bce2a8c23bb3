import Collectives
import Diagnostics
import Testing

@testable import Coordination

@Suite("Ranks agree")
struct AgreementTests {
    private func failures(_ ranks: Int, _ make: @escaping @Sendable (Int) -> [(String, String)]) throws
        -> [Failure?]
    {
        try ThreadWorld.run(ranks) { world in
            var agreement = Agreement()
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

    @Test("The first difference is named on every rank, with what it is where")
    func different() throws {
        let all = try failures(3) { rank in
            [("seed", "1"), ("data of rte", rank == 1 ? "b" : "a"), ("rate", "\(rank)")]
        }
        let failure = try #require(all[0])
        #expect(all == [failure, failure, failure])
        #expect(failure.kind == .data && failure.place == "data of rte")
        #expect(failure.what.hasPrefix("differs between ranks: a on ranks 0, 2 ("))
        #expect(failure.what.contains("b on rank 1 (") && failure.what.hasSuffix("(and 1 more: rate)"))
    }

    @Test("A fact that a rank lacks differs")
    func lacking() throws {
        let all = try failures(2) { $0 == 0 ? [("x", "1")] : [] }
        #expect(all[0]?.what.contains("nothing on rank 1") == true)
    }

    @Test("Replicas that have come apart are found, whatever part of the state it is")
    func replicas() throws {
        let context = try TinyStudy().context
        let changes: [@Sendable (inout TrainingState) -> Void] = [
            { $0.values[3] += 1 }, { $0.moments.first[0] = 1 }, { $0.moments.second[0] = 1 },
            { $0.times[0] = 1 },
            { $0.step = 1 },
        ]
        for (index, change) in ([{ _ in }] + changes).enumerated() {
            let found = try ThreadWorld.run(3) { world -> Failure? in
                var state = TrainingState(context.store, tasks: context.names.count)
                if world.rank == 1 { change(&state) }
                do {
                    try Agreement.checkReplicas(state, world)
                    return nil
                } catch let failure as Failure { return failure }
            }
            if index == 0 {
                #expect(found.allSatisfy { $0 == nil })
            } else {
                #expect(
                    found.allSatisfy { $0?.kind == .rank && $0?.what.contains("on rank 1 (") == true },
                    "\(index)")
            }
        }
    }
}
