import Diagnostics
package import Formats
import Foundation
package import Runs
import Training

/// The outcome of verifying a run: what was compared, on what, and the differences found.
///
/// Checksums are CRC-32C, which reveals accidents but is no protection against forgery.
package struct Certificate: Codable, Sendable {
    /// Steps of the run that were computed again.
    package struct Span: Codable, Sendable, Equatable {
        /// The steps before the first repeated one, and those of the whole run.
        package let from, to: Int

        package init(from: Int, to: Int) { (self.from, self.to) = (from, to) }
    }

    /// An adapter file.
    package struct AdapterFile: Codable, Sendable, Equatable {
        package let bytes: Int
        /// CRC-32C, in hexadecimal.
        package let checksum: String

        init(_ path: String) throws {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure.data("no such file", at: path)
            }
            bytes = data.count
            checksum = data.withUnsafeBytes { CRC32C.hexadecimal($0) }
        }
    }

    package let program: String
    package let time: String
    package let ranks: Int
    /// The kernels of this verification.
    package let arithmetic: Arithmetic
    /// Everything that the run's bits depend on, computed from study, backbone, tokenizer and data.
    package let identity: RunIdentity
    package let span: Span
    /// By task, the run's adapter file.
    package let adapters: NamedValues<AdapterFile>
    /// Whether the repeated steps gave the same state, adapters and results, bit for bit.
    package let equal: Bool
    package let differences: [String]

    /// Compares a finished run with one that repeated its steps after `from`.
    ///
    /// - Throws: a failure if a file cannot be read
    package init(
        of run: RunDirectory, against repeated: RunDirectory, from: Int, tasks: [String],
        _ identity: RunIdentity, _ arithmetic: Arithmetic, ranks: Int
    ) throws {
        let (results, again) = (try RunResults.ofFinished(run), try RunResults.ofFinished(repeated))
        // The repetition's own number: the run's file may have been edited.
        let last = again.steps ?? 0
        func data(_ directory: RunDirectory, _ name: String) -> Data? {
            FileManager.default.contents(atPath: "\(directory.path)/\(name)")
        }
        var differences: [String] = []
        for task in tasks {
            let name = "adapters/\(task)/adapter_model.safetensors"
            if data(run, name) != data(repeated, name) { differences.append(name) }
            // All but the backbone's path, which may have moved.
            let settings = try [run, repeated].map { try AdapterConfiguration.read($0.adapters(task: task)) }
            if settings[0] != settings[1] { differences.append("adapters/\(task)/adapter_config.json") }
        }
        // Both must be whole: a missing state would be equal to nothing.
        let states = try [run, repeated].map { try Checkpoint.read($0.checkpoint(step: last)).encoded() }
        if states[0] != states[1] { differences.append("the checkpoint of step \(last)") }
        if results.stages != again.stages {
            differences.append("the scores in results.json")
        } else if results.reproducible != again.reproducible {
            differences.append("results.json")
        }
        program = "hadamesh \(Arithmetic.programVersion)"
        time = ISO8601DateFormatter().string(from: Date())
        (self.ranks, self.arithmetic, self.identity) = (ranks, arithmetic, identity)
        span = Span(from: from, to: last)
        adapters = NamedValues(
            try tasks.map { task in
                (task, try AdapterFile("\(run.adapters(task: task))/adapter_model.safetensors"))
            })
        equal = differences.isEmpty
        self.differences = differences
    }

    /// One line for people.
    package var summary: String {
        let steps = "steps \((span.from + 1).grouped) to \(span.to.grouped)"
        let repeated = span.to > span.from ? "\(steps) computed again" : "no step computed again"
        return equal
            ? "equal: \(repeated) on \(ranks) \(ranks == 1 ? "rank" : "ranks") give the same adapters, "
                + "state and results, bit for bit"
            : "not equal: \(repeated) differ in \(differences.joined(separator: ", "))"
    }
}
