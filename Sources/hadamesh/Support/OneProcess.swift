import Diagnostics
import Foundation

/// Whether this process is alone, or the first of those that a launcher started.
let isFirstProcess: Bool = {
    let environment = ProcessInfo.processInfo.environment
    let numbers = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"].compactMap {
        environment[$0]
    }
    return numbers.first ?? "0" == "0"
}()

/// Does the work of a command that knows no ranks: under a launcher the first process alone does it.
///
/// A failure ends the program with its one line and its exit code.
func runInOneProcess(_ body: () throws -> Void) throws {
    guard isFirstProcess else { return }
    do {
        try body()
    } catch let failure as Failure {
        writeToStandardError("hadamesh: \(failure)\n")
        exit(failure.kind.rawValue)
    }
}
