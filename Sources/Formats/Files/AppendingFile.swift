import Diagnostics
import Foundation

/// A file that only grows, a record at a time: a record that cannot be written whole is taken back.
final class AppendingFile {
    let path: String
    private let descriptor: Int32
    /// Its bytes.
    private(set) var length: off_t

    /// Opens the file, or makes it; `existing` says what becomes of bytes that are already there.
    init(path: String, existing: Existing) throws {
        let flags =
            switch existing {
            case .keep: O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC
            case .discard: O_RDWR | O_CREAT | O_APPEND | O_TRUNC | O_CLOEXEC
            case .refuse: O_RDWR | O_CREAT | O_APPEND | O_EXCL | O_CLOEXEC
            }
        descriptor = open(path, flags, 0o644)
        guard descriptor >= 0 else { throw OperatingSystem.failure("cannot write", at: path) }
        self.path = path
        length = lseek(descriptor, 0, SEEK_END)
        // What cannot be measured cannot be cut back either: a pipe or a terminal.
        guard length >= 0 else { throw OperatingSystem.failure("cannot append", at: path) }
    }

    enum Existing { case keep, discard, refuse }

    deinit { close(descriptor) }

    func append(_ record: some ContiguousBytes) throws {
        try record.withUnsafeBytes { bytes in
            do {
                try AtomicFile.writeAll(bytes, to: descriptor, at: path)
                length += off_t(bytes.count)
            } catch {
                ftruncate(descriptor, length)
                throw error
            }
        }
    }

    /// Shortens the file.
    func truncate(to count: Int) throws {
        guard ftruncate(descriptor, off_t(count)) == 0 else {
            throw OperatingSystem.failure("cannot write", at: path)
        }
        length = off_t(count)
    }

    /// Forces what has been appended to disk.
    func synchronize() throws {
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw OperatingSystem.failure("cannot write", at: path)
        }
    }
}
