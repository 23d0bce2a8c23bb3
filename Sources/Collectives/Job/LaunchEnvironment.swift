import Diagnostics
import Foundation

/// The job's size and this process's number, from the launcher's environment variables.
package struct LaunchEnvironment: Sendable {
    /// The number of processes the launcher started, and the variable that holds it.
    package let expected: (size: Int, variable: String)?
    /// This process's number as counted by the launcher.
    package let processNumber: Int

    /// Read at first use, in ``MPI/run(_:)``, before MPI adds its own variables.
    package static let current = LaunchEnvironment(ProcessInfo.processInfo.environment)

    /// Reads the variables of `mpirun`, PMI launchers and Slurm steps.
    ///
    /// Slurm also sets `SLURM_NTASKS` inside a batch script, but no step: a process there runs alone.
    /// `mpirun` may itself run inside a Slurm step, so its variables take precedence.
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

    /// Throws if the world's size is not the number of processes that the launcher started.
    ///
    /// A launcher that does not match the MPI library (`srun` without PMIx, another MPI's `mpirun`) starts N
    /// processes that each see a world of one; all would train the same study and overwrite each other's
    /// files.
    package func check(worldSize: Int) throws {
        guard let expected, expected.size != worldSize else { return }
        let found =
            worldSize == 1 ? "each process runs alone" : "MPI connected only \(worldSize) ranks"
        throw Failure.usage(
            "\(found), but the launcher started \(expected.size)", at: expected.variable,
            remedy: "the launcher does not match this MPI library: use the library's own mpirun, "
                + "or srun --mpi=pmix if the library was built with PMIx")
    }
}
