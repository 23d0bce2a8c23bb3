import Diagnostics
import Formats
import Foundation

/// Lines of text from a file, or from standard input for the path `-`.
enum TextInput {
    /// The name in failures.
    static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

    static func bytes(_ path: String) throws -> Data {
        if path == "-" {
            if isatty(STDIN_FILENO) == 1 {
                writeToStandardError("reading lines of text from the terminal; Ctrl-D ends them\n")
            }
            return FileHandle.standardInput.readDataToEndOfFile()
        }
        if RunFiles.isFolder(path) { throw Failure.data("is a folder, expected a text file", at: path) }
        guard let contents = FileManager.default.contents(atPath: path) else {
            throw Failure.data("no readable file", at: path)
        }
        return contents
    }
}
