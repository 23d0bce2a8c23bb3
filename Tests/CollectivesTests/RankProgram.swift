import Collectives
import Diagnostics
import Foundation
import TestSupport
import Testing

/// The program that a test starts on ranks of `mpirun`: this test program again, in another role.
enum RankProgram: String {
    /// Checks every claim on communicators over MPI.
    case claims
    /// Every rank returns the code.
    case returns
    /// Every rank throws the same failure, not quite at the same time.
    case allFailAlike
    /// Every rank throws a failure of its own.
    case allFailDifferently
    /// Rank 1 (or the only one) throws while the others wait in a collective.
    case oneFails
    /// All but the last rank throw the same failure while that one waits in a collective.
    case allButTheLastFail
    /// Rank 1 (or the only one) throws an error that is not a failure.
    case oneThrowsAnotherError

    static let variable = "HADAMESH_RANK_PROGRAM"
    static let codeVariable = "HADAMESH_RANK_CODE"
    static let requested = ProcessInfo.processInfo.environment[variable].flatMap(RankProgram.init)

    /// Starts this test program again as the ranks of a job.
    func launch(
        ranks: Int?, code: Int32 = 0, environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await Launcher.run(
            ranks: ranks,
            command: [
                Launcher.testProgram.path, "--testing-library", "swift-testing", "--filter",
                "CollectivesTests.RankProgramTests", "--no-parallel",
            ],
            environment: [Self.variable: rawValue, Self.codeVariable: "\(code)"].merging(environment) { $1 })
    }

    func run() -> Never {
        let code = ProcessInfo.processInfo.environment[Self.codeVariable].flatMap { Int32($0) } ?? 0
        MPI.run { world in
            let fails = world.rank == min(1, world.size - 1)
            let failure = Failure(.init(rawValue: code) ?? .usage, at: "study.yaml:3", "found 1, expected 2")
            switch self {
            case .claims:
                try Self.checkClaims(world)
            case .returns:
                return code
            case .allFailAlike:
                usleep(UInt32(world.rank) * 50_000)
                throw failure
            case .allFailDifferently:
                throw Failure(failure.kind, at: "rank \(world.rank)'s file", failure.message)
            case .oneFails:
                if fails { throw failure }
            case .allButTheLastFail:
                if world.rank < world.size - 1 { throw failure }
            case .oneThrowsAnotherError:
                if fails { throw Violation(description: "something else") }
            }
            try world.withWaitPolicy(world.rank == 0 ? .sleep : .spin).barrier()
            return 0
        }
    }

    private static func checkClaims(_ world: MPICommunicator) throws {
        let napping = world.withWaitPolicy(world.rank == 0 ? .sleep : .spin)
        let halves = try world.split(color: Int32(world.rank % 2))
        let groups: [any Communicator] =
            [world, napping, try world.nodeCommunicator()] + [halves].compactMap { $0 }
        for group in groups {
            for claim in Claim.all { try claim.body(group) }
        }
        try requireEqual(world.nodeCommunicator().size, world.size, "ranks on this node")
        try requireEqual(world.split(color: world.rank == 0 ? nil : 0) == nil, world.rank == 0, "left out")
        try halves?.free()
        // Each one that is not freed takes one of the library's few thousand names.
        for _ in 0..<5000 { try world.split(color: 0)?.free() }
        print("claims hold on rank \(world.rank) of \(world.size)")
    }
}

@Suite struct RankProgramTests {
    @Test(.enabled(if: RankProgram.requested != nil, "runs only as a rank")) func actAsARank() {
        RankProgram.requested?.run()
    }
}
