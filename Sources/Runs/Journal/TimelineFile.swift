import Diagnostics
import Foundation

/// The trace of a run's ranks, written rank by rank in Chrome's JSON array format, one event per line.
///
/// The file has a temporary name until it is complete.
package final class TimelineFile {
    private let path: String
    private let partial: String
    private let file: FileHandle
    private var isEmpty = true

    package init(path: String) throws {
        self.path = path
        partial = "\(path).partial"
        guard FileManager.default.createFile(atPath: partial, contents: nil),
            let file = FileHandle(forWritingAtPath: partial)
        else { throw Failure.data("cannot write", at: path) }
        self.file = file
        try write("[\n")
    }

    deinit { try? file.close() }

    package func append(_ timeline: Timeline) throws {
        try write((isEmpty ? "" : ",\n") + timeline.events.joined(separator: ",\n"))
        isEmpty = false
    }

    /// Closes the array and renames the file to its final name.
    package func finish() throws {
        try write("\n]\n")
        do {
            try file.close()
            _ = try? FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: partial, toPath: path)
        } catch {
            throw Failure.data("cannot write: \(error.localizedDescription)", at: path)
        }
    }

    private func write(_ text: String) throws {
        do { try file.write(contentsOf: Data(text.utf8)) } catch {
            throw Failure.data("cannot write: \(error.localizedDescription)", at: path)
        }
    }
}
