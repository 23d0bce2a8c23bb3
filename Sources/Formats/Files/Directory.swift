import Diagnostics
import Foundation

/// Creating directories.
package enum Directory {
    /// Creates a directory with missing parents, and throws unless it is writable.
    package static func create(_ path: String) throws {
        var prefix = path.hasPrefix("/") ? "/" : "."
        for part in path.split(separator: "/") {
            prefix += "/\(part)"
            if mkdir(prefix, 0o755) == 0 || errno == EEXIST || errno == EISDIR { continue }
            // For an existing directory, mkdir may fail with another error, such as a read-only file system.
            let code = errno
            guard isDirectory(prefix) else {
                throw OperatingSystem.failure("cannot create the directory", at: path, code: code)
            }
        }
        guard isDirectory(prefix) else { throw Failure.data("found a file, expected a directory", at: path) }
        guard access(prefix, W_OK | X_OK) == 0 else {
            throw OperatingSystem.failure("cannot write into the directory", at: path)
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
