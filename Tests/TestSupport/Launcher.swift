package import Foundation
import Subprocess

/// Starts programs of this package on several ranks.
package enum Launcher {
    /// Where the build put its products: the test program lies beside them.
    package static let products = testProgram.deletingLastPathComponent()

    /// The running test program, which can itself be started as a rank.
    package static let testProgram = URL(fileURLWithPath: CommandLine.arguments[0])

    /// Runs a command on so many ranks, or without `mpirun` where `ranks` is nil.
    ///
    /// Signals are as a terminal starts programs, however the tests were started.
    ///
    /// The environment is this process's own with the given variables over it. Variables that an MPI of this
    /// process has left there are taken out: `mpirun` would believe that it runs inside another job and fail.
    /// - Parameters:
    ///   - ranks: How many processes.
    ///   - command: The program and its arguments.
    ///   - environment: Variables to set for `mpirun` and every rank.
    ///   - timeout: Seconds after which `mpirun` ends the job with status 110; unused without it.
    /// - Returns: The exit code (128 + n for signal n), and what was written to standard output and error.
    /// - Throws: the failure to start the process
    package static func run(
        ranks: Int?, command: [String], environment: [String: String] = [:], timeout: Int = 60
    ) async throws -> (status: Int32, output: String, errors: String) {
        let launcher = ranks.map { ["mpirun", "--timeout", "\(timeout)", "-np", "\($0)"] } ?? []
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments(["--default-signal=HUP,INT,PIPE"] + launcher + command),
            environment: .custom(
                Dictionary(
                    uniqueKeysWithValues: variables(environment).map { (.init(stringLiteral: $0), $1) })),
            output: .string(limit: 16 << 20), error: .string(limit: 16 << 20))
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let number): 128 + number
            }
        return (status, result.standardOutput, result.standardError)
    }

    private static func variables(_ own: [String: String]) -> [String: String] {
        let foreign = ["OMPI_", "PMIX_", "ORTE_", "OPAL_"]
        return ProcessInfo.processInfo.environment
            .filter { name, _ in !foreign.contains { name.hasPrefix($0) } }
            .merging(settings) { $1 }
            .merging(own) { $1 }
    }

    /// More ranks than cores, unbound, that give way while they wait; and none of mpirun's own banners.
    private static let settings = [
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "OMPI_MCA_hwloc_base_binding_policy": "none",
        "OMPI_MCA_mpi_yield_when_idle": "1",
        "OMPI_MCA_orte_execute_quiet": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    ]
}
