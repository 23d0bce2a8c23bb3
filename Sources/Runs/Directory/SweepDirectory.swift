import Diagnostics
import Foundation

/// The directory of a sweep, and every path in it.
package struct SweepDirectory: Sendable, Equatable {
    package let path: String

    package init(path: String) { self.path = RunDirectory(path: path).path }

    /// The sweep file as it was given.
    package var sweepFile: String { "\(path)/sweep.yaml" }
    /// The base study, with the changes of the command line.
    package var baseFile: String { "\(path)/base.yaml" }
    /// The results of a finished sweep.
    package var resultsFile: String { "\(path)/sweep.json" }
    /// Activations of the frozen encoder that the trials share.
    package var activations: String { "\(path)/activations" }
    /// The folder in which groups of ranks claim their trials.
    package var claims: String { "\(path)/.claims" }

    /// A run of the search, relative to the directory.
    package static func run(trial folder: String, seed: UInt64) -> String { "trials/\(folder)/seed-\(seed)" }

    /// A run of a winner with a fresh seed, relative to the directory.
    package static func freshRun(trial folder: String, seed: UInt64) -> String {
        "then/\(folder)/seed-\(seed)"
    }

    /// The folder of the runs to compare: the winners' with fresh seeds if there are any, or all trials'.
    package var comparedRuns: String {
        let then = "\(path)/then"
        return FileManager.default.fileExists(atPath: then) ? then : "\(path)/trials"
    }

    /// Whether a sweep began here.
    package var hasBegun: Bool { FileManager.default.fileExists(atPath: sweepFile) }

    /// The command that continues the sweep, for messages.
    package var resumption: String { "\(Invocation.program) sweep --resume \(path.shellWord)" }
}
