import Diagnostics
import Foundation

/// Whether this process is the only one, or the first started by a launcher.
let isFirstProcess: Bool = {
    let environment = ProcessInfo.processInfo.environment
    let numbers = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"].compactMap {
        environment[$0]
    }
    return numbers.first ?? "0" == "0"
}()

/// Runs a command that does not use ranks: under a launcher, only in the first process.
///
/// A failure ends the program with its message and exit code.
func runInOneProcess(_ body: () throws -> Void) throws {
    guard isFirstProcess else { return }
    do {
        try body()
    } catch let failure as Failure {
        writeToStandardError("hadamesh: \(failure)\n")
        exit(failure.kind.rawValue)
    }
}
