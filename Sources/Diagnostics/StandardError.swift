import Foundation

/// Standard error, for messages and for the live line.
package enum StandardError {
    /// Clears the live line, so that other text takes its place.
    package static let clearing = "\r\u{1B}[K"

    /// Whether lines end on a terminal.
    ///
    /// Under mpirun standard error is a pipe, and `launch/local` sets the
    /// variable.
    package static let isTerminal =
        isatty(STDERR_FILENO) == 1 || ProcessInfo.processInfo.environment["HADAMESH_TERMINAL"] == "1"

    /// Writes a line, on a terminal in place of the live line, which may be another rank's.
    package static func say(_ line: String) {
        writeToStandardError("\(isTerminal ? clearing : "")\(line)\n")
    }
}

/// Writes text to standard error and ignores errors.
///
/// `FileHandle` would end the program after a closed terminal or on a full disk behind a redirection.
package func writeToStandardError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        if written <= 0 { return }
        rest = rest.dropFirst(written)
    }
}
