import Diagnostics
package import Foundation

/// Replaces files atomically: a reader, or a crash at any moment, leaves either the old bytes or all the new.
package enum AtomicFile {
    /// Writes a temporary file next to the target, flushes it to disk, and renames it into place.
    ///
    /// A symbolic link at `path` is followed. On failure the temporary file is removed and the file at `path`
    /// is unchanged.
    package static func write(_ data: Data, to path: String) throws {
        try write(to: path) { try data.withUnsafeBytes($0) }
    }

    /// Like ``write(_:to:)``, for bytes that `body` passes piece by piece to `append`.
    package static func write(
        to path: String, _ body: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let target = try resolved(path)
        let temporary = temporaryPath(for: target)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw OperatingSystem.failure("cannot write", at: path) }
        var isOpen = true
        do {
            try body { try writeAll($0, to: descriptor, at: path) }
            guard fsync(descriptor) == 0 else { throw OperatingSystem.failure("cannot write", at: path) }
            isOpen = false
            guard close(descriptor) == 0 else { throw OperatingSystem.failure("cannot write", at: path) }
            guard rename(temporary, target) == 0 else {
                throw OperatingSystem.failure("cannot replace", at: path)
            }
        } catch {
            if isOpen { close(descriptor) }
            unlink(temporary)
            throw error
        }
        try synchronizeDirectory(directory(of: target))
    }

    /// Flushes a directory's entries to disk, so that a rename in it survives a power failure.
    package static func synchronizeDirectory(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw OperatingSystem.failure("cannot open directory", at: path) }
        defer { close(descriptor) }
        // Some network file systems cannot flush directories and return EINVAL.
        if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
            throw OperatingSystem.failure("cannot write directory", at: path)
        }
    }

    /// Writes every byte, in as many calls as needed.
    static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at path: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = OperatingSystem.uninterrupted {
                Foundation.write(descriptor, rest.baseAddress, rest.count)
            }
            guard written > 0 else { throw OperatingSystem.failure("cannot write", at: path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// The path with symbolic links resolved.
    ///
    /// Throws if it is not a regular file, such as a device.
    private static func resolved(_ path: String) throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return path }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw Failure.data("cannot write: found a directory, expected a file", at: path)
        default: throw Failure.data("cannot write: found a device or pipe, expected a file", at: path)
        }
        guard let real = realpath(path, nil) else { throw OperatingSystem.failure("cannot write", at: path) }
        defer { free(real) }
        return String(cString: real)
    }

    /// Whether a file name is that of a temporary file, left behind by a killed writer.
    package static func isTemporary(_ name: String) -> Bool { name.hasPrefix(temporaryPrefix) }

    private static let temporaryPrefix = ".partial-"

    private static func temporaryPath(for target: String) -> String {
        let unique = String(UInt64.random(in: 0 ... .max), radix: 16)
        return directory(of: target) + "/\(temporaryPrefix)\(getpid())-\(unique)"
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
