import Collectives
import Diagnostics
import Foundation

/// Commands that do not use ranks: under a launcher, only the first process acts.
enum SingleProcess {
    /// Whether this process is the only one, or the first started by a launcher.
    static var isFirst: Bool { LaunchEnvironment.current.processNumber == 0 }

    /// Runs `body` in the first process; a failure ends the program with its message and exit code.
    static func run(_ body: () throws -> Void) throws {
        guard isFirst else { return }
        do {
            try body()
        } catch let failure as Failure {
            StandardError.say("hadamesh: \(failure)")
            exit(failure.kind.rawValue)
        }
    }
}
