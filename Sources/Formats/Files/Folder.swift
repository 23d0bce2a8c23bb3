import Diagnostics
import Foundation

/// Folders to write into.
package enum Folder {
    /// Makes a folder and those above it where they are missing, and makes sure that it can be written.
    package static func create(_ path: String) throws {
        var made = path.hasPrefix("/") ? "/" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o755) == 0 || errno == EEXIST || errno == EISDIR { continue }
            // A folder that is already there may be refused for another reason, such as a read-only disk.
            let code = errno
            guard isFolder(made) else {
                throw OperatingSystem.failure("cannot make the folder", at: path, code: code)
            }
        }
        guard isFolder(made) else { throw Failure.data("found a file, expected a folder", at: path) }
        guard access(made, W_OK | X_OK) == 0 else {
            throw OperatingSystem.failure("cannot write into", at: path)
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
