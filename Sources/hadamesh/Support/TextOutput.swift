import Diagnostics
import Foundation

/// Standard output.
enum TextOutput {
    /// Writes all lines at once, so that a failed write is a failure of the command.
    static func write(_ lines: [String]) throws {
        let text = lines.joined(separator: "\n") + (lines.isEmpty ? "" : "\n")
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            throw Failure.data("cannot write: \(error.localizedDescription)", at: "standard output")
        }
    }
}
