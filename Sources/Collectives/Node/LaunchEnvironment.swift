import Diagnostics
import Foundation

/// What the launcher told this process about the job, through environment variables.
package struct LaunchEnvironment: Sendable {
    /// How many processes the launcher says it started, and which variable says so.
    package let expected: (size: Int, variable: String)?
    /// This process's number in the launcher's own count.
    package let processNumber: Int

    /// As this process found it at its first use, which ``MPI/run(_:)`` makes before MPI adds its own variables.
    package static let current = LaunchEnvironment(ProcessInfo.processInfo.environment)

    /// Reads the variables of `mpirun`, of a Slurm step, and of launchers that speak PMI.
    ///
    /// Inside a batch script Slurm sets `SLURM_NTASKS` too, but no step: a single process there is meant.
    /// `mpirun` may itself have been started by a Slurm step, so its own word comes first.
    package init(_ environment: [String: String]) {
        func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
        let inStep = environment["SLURM_STEP_ID"] != nil || (number("SLURM_PROCID") ?? 0) > 0
        let slurm = inStep ? ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"] : []
        expected =
            (["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"] + slurm).lazy
            .compactMap { name in number(name).map { (size: $0, variable: name) } }.first
        processNumber =
            ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"].lazy
            .compactMap { number($0) }.first ?? 0
    }

    /// Refuses a world of another size than the launcher started.
    ///
    /// A launcher that the MPI library does not understand (`srun` without PMIx, another MPI's `mpirun`)
    /// starts N processes that each believe to be alone; all would train the same and overwrite each other.
    package func check(worldSize: Int) throws {
        guard let expected, expected.size != worldSize else { return }
        let found =
            worldSize == 1 ? "each process believes to be alone" : "MPI joined only \(worldSize) ranks"
        throw Failure.usage(
            "\(found), but the launcher started \(expected.size)", at: expected.variable,
            remedy: "the launcher and this MPI library do not know each other: use that library's mpirun, "
                + "or srun --mpi=pmix where it was built with PMIx")
    }
}
