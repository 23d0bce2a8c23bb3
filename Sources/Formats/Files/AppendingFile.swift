import Diagnostics
import Foundation

/// An append-only file of records.
///
/// A record that cannot be written completely is removed again.
final class AppendingFile {
    let path: String
    private let descriptor: Int32
    private(set) var length: off_t

    /// Opens or creates the file; `existing` decides whether bytes already there are kept.
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
        // A pipe or a terminal has no length and cannot be truncated.
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

    /// Truncates the file.
    func truncate(to count: Int) throws {
        guard ftruncate(descriptor, off_t(count)) == 0 else {
            throw OperatingSystem.failure("cannot write", at: path)
        }
        length = off_t(count)
    }

    /// Flushes the file to disk.
    func synchronize() throws {
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw OperatingSystem.failure("cannot write", at: path)
        }
    }
}
