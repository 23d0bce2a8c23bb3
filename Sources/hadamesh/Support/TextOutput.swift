import Diagnostics
import Foundation

/// Standard output.
enum TextOutput {
    /// The width of the terminal, or that of the variable COLUMNS, or 80 characters.
    static func width(of descriptor: Int32 = STDOUT_FILENO) -> Int {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
        return columns.flatMap { $0 > 0 ? $0 : nil } ?? 80
    }

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
