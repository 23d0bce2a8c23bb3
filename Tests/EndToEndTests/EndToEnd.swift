import Foundation
import TestSupport
import Testing

/// Starts the built program as a user would, one launch at a time, since each uses all cores.
@Suite(.serialized, .timeLimit(.minutes(3)))
enum EndToEnd {
    /// The result of a launch.
    struct Job: CustomStringConvertible {
        let status: Int32
        let output: String
        let errors: String

        /// The failure messages on standard error.
        var failures: [Substring] { errorLines.filter { $0.hasPrefix("hadamesh: ") } }

        /// Warnings, without the one about the copies that tasks keep of the scene's shared adapter.
        var warnings: [Substring] {
            errorLines.filter { $0.hasPrefix("warning: ") && !$0.contains("evaluation.keep") }
        }

        /// Standard error without the event loop's note on a pipe that closed, which mpirun prints at times.
        var errorLines: [Substring] {
            errors.split(separator: "\n").filter { !$0.hasPrefix("[warn] Epoll ") }
        }

        var description: String { "status \(status)\n\(output)\n\(errors)" }
    }

    /// The program beside the test bundle.
    static let program = Launcher.products.appendingPathComponent("hadamesh").path

    /// The package's folder.
    static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Runs the program on `ranks` ranks, or without `mpirun` if nil.
    ///
    /// `prelude` is a shell command executed first, in the same process. A hanging program is killed with
    /// status 124.
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
        try await run([package.appendingPathComponent("launch/\(name)").path] + arguments)
    }

    /// Runs another program.
    static func run(_ command: [String]) async throws -> Job {
        let job = try await Launcher.run(ranks: nil, command: ["timeout", "60"] + command)
        return Job(status: job.status, output: job.output, errors: job.errors)
    }
}
