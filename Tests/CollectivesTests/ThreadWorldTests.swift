import Collectives
import Testing

@Suite struct ThreadWorldTests {
    @Test(arguments: Claim.all, [1, 2, 3, 4]) func holdsOnThreads(claim: Claim, ranks: Int) throws {
        _ = try ThreadWorld.run(ranks) { try claim.body($0) }
    }

    @Test(arguments: [1, 3]) func resultsComeInTheOrderOfTheRanks(ranks: Int) throws {
        #expect(try ThreadWorld.run(ranks) { $0.rank * 10 } == (0..<ranks).map { $0 * 10 })
    }

    struct Broken: Error, Equatable {
        let rank: Int
    }

    @Test(arguments: [2, 3, 4]) func oneThrowingRankEndsTheOthersCollectives(ranks: Int) {
        #expect(throws: Broken(rank: 1)) {
            try ThreadWorld.run(ranks) { world in
                for step in 0..<100 {
                    if step == 50, world.rank == 1 { throw Broken(rank: 1) }
                    try world.barrier()
                }
            }
        }
    }

    @Test func aThrowingRankEndsTheCollectivesOfItsGroups() {
        #expect(throws: Broken(rank: 1)) {
            try ThreadWorld.run(4) { world in
                let group = try world.split(color: Int32(world.rank % 2))
                if world.rank == 1 { throw Broken(rank: 1) }
                for _ in 0..<100 { try group?.barrier() }
                if world.rank == 3 { try group?.barrier() }
            }
        }
    }

    @Test func aRankThatReturnsWhileOthersWaitIsAnError() {
        let error = #expect(throws: (any Error).self) {
            try ThreadWorld.run(3) { world in
                if world.rank != 2 { try world.barrier() }
            }
        }
        #expect("\(error as Any)".contains("rank 2 has already returned"))
    }

    @Test func differingCallsAreNamed() {
        let error = #expect(throws: (any Error).self) {
            try ThreadWorld.run(2) { world in
                if world.rank == 0 {
                    try world.barrier()
                } else {
                    _ = try world.allReduce(Int32(1), .sum)
                }
            }
        }
        let words = "\(error as Any)"
        #expect(words.contains("barrier") && words.contains("all-reduce"))
    }

    @Test func aRankHasADeepStack() throws {
        // 4 MB of frames, which the half megabyte of an ordinary secondary thread would not hold.
        @Sendable func depth(_ left: Int) -> Int {
            withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
                buffer[0] = UInt8(truncatingIfNeeded: left)
                return left == 0 ? Int(buffer[0]) : depth(left - 1) + 1
            }
        }
        #expect(try ThreadWorld.run(2) { _ in depth(3000) } == [3000, 3000])
    }
}
