import Diagnostics
package import Foundation

/// A file's bytes, mapped read-only into memory.
///
/// Processes on one machine that map the same file share its physical pages, which is what keeps one
/// copy of the backbone per node. The mapping lives as long as the object; it is never written, so any
/// thread may read it.
package final class MappedFile: @unchecked Sendable {
    /// The path as it was given.
    package let path: String
    /// Every byte of the file; valid while this object lives.
    ///
    /// Swift may release an object after its last mention, though its bytes are still in use: hold the
    /// object in a property, or use ``withBytes(_:)``.
    package let bytes: UnsafeRawBufferPointer
    /// The file's state when it was mapped; nil for a copy.
    private let version: Version?

    /// The facts that tell one state of a file from another.
    private struct Version: Equatable {
        let device, number, size, seconds, nanoseconds: Int

        init(_ status: stat) {
            device = Int(status.st_dev)
            number = Int(status.st_ino)
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// Maps a regular file; anything else is a `Failure`.
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

    /// Holds a copy of bytes that came from elsewhere, such as a file that another machine read.
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
            throw OperatingSystem.failure("cannot find memory for", at: path)
        }
        data.copyBytes(to: UnsafeMutableRawBufferPointer(start: start, count: data.count))
        bytes = UnsafeRawBufferPointer(start: start, count: data.count)
    }

    /// Refuses a file that was written to since it was mapped: the mapped bytes have changed with it.
    ///
    /// Another file that was put in its place is none of this one's business: the mapping stays what it was.
    package func checkUnchanged() throws {
        var status = stat()
        guard let version, stat(path, &status) == 0 else { return }
        let now = Version(status)
        guard now.device == version.device, now.number == version.number, now != version else { return }
        throw Failure.data(
            "was written to while it was in use: what was computed since then is wrong", at: path,
            remedy:
                "restore it and go on with --resume; to exchange a file that runs use, rename another one over it"
        )
    }

    /// Calls a closure with every byte of the file, which stays mapped until the closure returns.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
