import Diagnostics
package import Foundation

/// A file mapped read-only into memory.
///
/// Processes of a node that map the same file share its physical pages, so that a node holds one copy of the
/// backbone. The mapping lives as long as the object and is never written, so any thread may read it.
package final class MappedFile: @unchecked Sendable {
    package let path: String
    /// The bytes of the file; valid while this object lives.
    ///
    /// Swift may release an object after its last use even if its bytes are still in use: hold the object in
    /// a property, or use ``withBytes(_:)``.
    package let bytes: UnsafeRawBufferPointer
    /// The file's version when it was mapped; nil for a copy.
    private let version: Version?

    /// The metadata that changes when a file is written or replaced.
    private struct Version: Equatable {
        let device, inode, size, seconds, nanoseconds: Int

        init(_ status: stat) {
            device = Int(status.st_dev)
            inode = Int(status.st_ino)
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// Maps a regular file; any other kind of file is a `Failure`.
    package init(path: String) throws {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw OperatingSystem.failure("cannot open", at: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw OperatingSystem.failure("cannot read", at: path) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw Failure.data("found a directory, expected a file", at: path)
        default: throw Failure.data("found a device or pipe, expected a file", at: path)
        }
        let count = Int(status.st_size)
        self.path = path
        version = Version(status)
        if count == 0 {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw OperatingSystem.failure("cannot map", at: path)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    /// Holds a copy of bytes that another rank has read; failures name `path`.
    package init(copying data: Data, path: String) throws {
        self.path = path
        version = nil
        if data.isEmpty {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let access = PROT_READ | PROT_WRITE
        guard let start = mmap(nil, data.count, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else {
            throw OperatingSystem.failure("cannot allocate memory for the file", at: path)
        }
        data.copyBytes(to: UnsafeMutableRawBufferPointer(start: start, count: data.count))
        bytes = UnsafeRawBufferPointer(start: start, count: data.count)
    }

    /// Throws if the file was written since it was mapped: the mapped bytes have changed with it.
    ///
    /// A file that was renamed over it is not an error: the mapping still has the old file's bytes.
    package func checkUnchanged() throws {
        var status = stat()
        guard let version, stat(path, &status) == 0 else { return }
        let now = Version(status)
        guard now.device == version.device, now.inode == version.inode, now != version else { return }
        throw Failure.data(
            "was written to while it was in use: results computed since then are wrong", at: path,
            remedy: "restore it and resume the run; to replace a file in use, rename the new one over it"
        )
    }

    /// Calls `body` with the bytes of the file, which stays mapped until `body` returns.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
