import Foundation
import Testing

/// Jobs under `mpirun`, one at a time.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: RankProgram.requested == nil))
struct LaunchTests {
    private static let message = "study.yaml:3: found 1, expected 2"

    /// The lines of standard error that a user would see: without those of the testing library.
    private func told(_ errors: String) -> [String] {
        errors.split(whereSeparator: \.isNewline).map(String.init)
            .filter { line in !["◇", "↳", "✔", "✘"].contains { line.hasPrefix($0) } }
    }

    @Test(arguments: [nil, 1, 2, 3, 4]) func claimsHoldOverMPI(ranks: Int?) async throws {
        let job = try await RankProgram.claims.launch(ranks: ranks)
        #expect(job.status == 0, "\(job.errors)")
        for rank in 0..<(ranks ?? 1) {
            #expect(job.output.contains("claims hold on rank \(rank) of \(ranks ?? 1)"))
        }
    }

    @Test(arguments: [0, 2, 3, 4, 5, 75]) func returnedCodesComeThrough(code: Int32) async throws {
        let job = try await RankProgram.returns.launch(ranks: 2, code: code)
        #expect(job.status == code)
        #expect(told(job.errors).isEmpty)
    }

    @Test(arguments: [nil, 1, 2, 3, 4]) func aFailureOfAllIsToldOnce(ranks: Int?) async throws {
        let job = try await RankProgram.allFailAlike.launch(ranks: ranks, code: 3)
        #expect(job.status == 3)
        #expect(told(job.errors) == ["hadamesh: \(Self.message)"])
    }

    @Test(arguments: [1, 2, 3, 4]) func aFailureOfOneEndsTheJob(ranks: Int) async throws {
        let job = try await RankProgram.oneFails.launch(ranks: ranks, code: 4)
        #expect(job.status == 4)
        #expect(told(job.errors) == ["hadamesh: \(ranks == 1 ? "" : "rank 1: ")\(Self.message)"])
    }

    @Test(arguments: [3, 4]) func aFailureOfSomeIsToldOnce(ranks: Int) async throws {
        let job = try await RankProgram.allButTheLastFail.launch(ranks: ranks, code: 2)
        #expect(job.status == 2)
        #expect(told(job.errors) == ["hadamesh: rank 0: \(Self.message)"])
    }

    @Test func differentFailuresAreAllTold() async throws {
        let job = try await RankProgram.allFailDifferently.launch(ranks: 3, code: 3)
        #expect(job.status == 3)
        #expect(
            Set(told(job.errors))
                == Set((0..<3).map { "hadamesh: rank \($0): rank \($0)'s file: found 1, expected 2" }))
    }

    @Test(arguments: [1, 2]) func anotherErrorIsAFailedRank(ranks: Int) async throws {
        let job = try await RankProgram.oneThrowsAnotherError.launch(ranks: ranks)
        #expect(job.status == 4)
        #expect(told(job.errors) == ["hadamesh: \(ranks == 1 ? "" : "rank 1: ")something else"])
    }

    @Test(arguments: [0, 1]) func loneProcessesOfASlurmStepAreRefused(process: Int) async throws {
        let step = ["SLURM_STEP_ID": "0", "SLURM_NTASKS": "4", "SLURM_PROCID": "\(process)"]
        let job = try await RankProgram.claims.launch(ranks: nil, environment: step)
        #expect(job.status == 2)
        #expect(job.errors.contains("srun --mpi=pmix") == (process == 0), "the first process alone tells it")
    }
}
