import Foundation
import TestSupport
import Testing

/// The built program, started as a user starts it.
///
/// One launch at a time: each one wants all cores.
@Suite(.serialized, .timeLimit(.minutes(3)))
enum EndToEnd {
    /// What a launch ended with.
    struct Job: CustomStringConvertible {
        let status: Int32
        let output: String
        let errors: String

        /// The messages of failures on standard error.
        var failures: [Substring] { errorLines.filter { $0.hasPrefix("hadamesh: ") } }

        var errorLines: [Substring] { errors.split(separator: "\n") }

        var description: String { "status \(status)\n\(output)\n\(errors)" }
    }

    /// The program that was built beside the tests.
    static let program = Launcher.products.appendingPathComponent("hadamesh").path

    /// The folder of the package.
    static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Runs the program on so many ranks, or without `mpirun` where `ranks` is nil.
    ///
    /// `prelude` is a line of shell that goes before it in the same process. A program that hangs is ended with status 124.
    static func hadamesh(
        ranks: Int? = nil, _ arguments: [String], environment: [String: String] = [:],
        prelude: String? = nil, redirection: String = "", seconds: Int = 60
    ) async throws -> Job {
        var command = [program] + arguments
        if prelude != nil || !redirection.isEmpty {
            let line = "\(prelude.map { "\($0) && " } ?? "")exec \"$@\" \(redirection)"
            command = ["bash", "-c", line, "hadamesh"] + command
        }
        if ranks == nil { command = ["timeout", "\(seconds)"] + command }
        let job = try await Launcher.run(
            ranks: ranks, command: command, environment: environment, timeout: seconds)
        return Job(status: job.status, output: job.output, errors: job.errors)
    }
    /// Runs a command of `launch/`.
    static func launch(_ name: String, _ arguments: String...) async throws -> Job {
        let command = ["timeout", "60", package.appendingPathComponent("launch/\(name)").path] + arguments
        let job = try await Launcher.run(ranks: nil, command: command)
        return Job(status: job.status, output: job.output, errors: job.errors)
    }
}
