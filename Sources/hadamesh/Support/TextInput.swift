import Diagnostics
import Formats
import Foundation

/// Lines of text from a file, or from standard input for the path `-`.
enum TextInput {
    /// The name in failures.
    static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

    /// The bytes; a terminal is asked for lines of one text, or of two.
    static func bytes(_ path: String, isPaired: Bool = false) throws -> Data {
        if path == "-" {
            if isatty(STDIN_FILENO) == 1 {
                writeToStandardError(
                    "reading lines of \(isPaired ? "two texts with a tab between them" : "text") from the "
                        + "terminal; Ctrl-D ends them\n")
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
