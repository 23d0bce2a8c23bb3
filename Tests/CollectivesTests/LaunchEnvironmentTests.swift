import Collectives
import Diagnostics
import Testing

@Suite struct LaunchEnvironmentTests {
    static let step = ["SLURM_STEP_ID": "0", "SLURM_NTASKS": "4", "SLURM_PROCID": "2"]

    @Test(arguments: [
        ([:], 1), ([:], 4),
        (step, 4),
        // Inside a batch script, outside any step.
        (["SLURM_NTASKS": "4", "SLURM_PROCID": "0"], 1),
        (["OMPI_COMM_WORLD_SIZE": "3"], 3),
        // mpirun, started on two nodes by a step of two tasks.
        (step.merging(["OMPI_COMM_WORLD_SIZE": "8", "SLURM_STEP_NUM_TASKS": "2"]) { $1 }, 8),
        (["OMPI_COMM_WORLD_SIZE": "many"], 2),
    ]) func theLaunchersWorldIsAccepted(environment: [String: String], size: Int) throws {
        try LaunchEnvironment(environment).check(worldSize: size)
    }

    @Test(arguments: [
        (step, 1), (step, 2),
        (["SLURM_NTASKS": "4", "SLURM_PROCID": "1"], 1),
        (["OMPI_COMM_WORLD_SIZE": "3"], 1),
        (["PMI_SIZE": "2", "PMI_RANK": "0"], 1),
    ]) func anotherWorldIsRefused(environment: [String: String], size: Int) {
        let failure = #expect(throws: Failure.self) {
            try LaunchEnvironment(environment).check(worldSize: size)
        }
        #expect(failure?.kind == .usage)
        #expect(failure?.remedy?.contains("mpirun") == true)
    }

    @Test func theLaunchersCountIsKnown() {
        #expect(LaunchEnvironment(Self.step).processNumber == 2)
        #expect(LaunchEnvironment([:]).processNumber == 0)
    }
}
