import Diagnostics
import Foundation

/// Memory shared by all ranks of a node.
///
/// It is an unnamed file, in memory or in a directory on the node's local disk, that every rank maps. The
/// kernel frees it when the last rank ends, however it ends, so a later run never sees its contents.
///
/// Unlike `MPI_Win_allocate_shared` it can be on disk, and its size is checked against the available memory.
///
/// Ranks may write disjoint parts, or the same bytes. They may read what others wrote only after a collective
/// of both, which serves as the fence.
package final class NodeSharedMemory: @unchecked Sendable {
    /// All bytes, initially zero; valid while this object lives.
    package let bytes: UnsafeMutableRawBufferPointer

    private init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    deinit { munmap(bytes.baseAddress, bytes.count) }

    /// Allocates memory that the ranks of a node share.
    ///
    /// Collective; all ranks pass the same arguments.
    ///
    /// - Parameters:
    ///   - byteCount: greater than 0
    ///   - directory: a directory on the node's local disk; nil for memory
    ///   - name: the name in `/proc/PID/maps`, for memory
    ///   - node: the node's ranks, see ``Communicator/nodeCommunicator()``
    /// - Returns: the memory, or on all ranks the reason why it is unavailable
    /// - Throws: only failures of the communicator
    package static func make(
        byteCount: Int, in directory: String?, named name: String = "hadamesh", among node: any Communicator
    ) throws -> Result<NodeSharedMemory, Unavailable> {
        precondition(byteCount > 0, "shared memory must not be empty")
        // The first rank creates the file and broadcasts its path; an empty path means failure.
        var descriptor: Int32 = -1
        var reason: [UInt8] = []
        if node.rank == 0 {
            do {
                descriptor = try file(byteCount, in: directory, named: name)
            } catch let unavailable as Unavailable {
                reason = Array(unavailable.reason.utf8)
            }
        }
        defer { if descriptor >= 0 { close(descriptor) } }
        var path = Array("/proc/\(getpid())/fd/\(descriptor)".utf8)
        var status = stat()
        if descriptor < 0 || fstat(descriptor, &status) != 0 { path = [] }
        try node.broadcast(&path, from: 0)
        // In another PID namespace the path may name another process's file: compare device and inode.
        var inode = [Int64(bitPattern: UInt64(status.st_dev)), Int64(bitPattern: UInt64(status.st_ino))]
        try node.broadcast(&inode, from: 0)
        try node.broadcast(&reason, from: 0)
        if path.isEmpty { return .failure(Unavailable(reason: String(decoding: reason, as: UTF8.self))) }

        let mapped = map(String(decoding: path, as: UTF8.self), byteCount, inode)
        var missing: [Int32] = [mapped == nil ? 1 : 0]
        // This also keeps the first rank from closing the file before all ranks have opened it.
        try node.allReduce(&missing, .max)
        guard let mapped, missing[0] == 0 else {
            return .failure(Unavailable(reason: "a rank of this node cannot map the first rank's memory"))
        }
        return .success(mapped)
    }

    /// Makes the bytes read-only for this rank; a later write crashes it.
    package func seal() { mprotect(bytes.baseAddress, bytes.count, PROT_READ) }

    package struct Unavailable: Error, Equatable {
        package let reason: String
    }

    private static func file(_ byteCount: Int, in directory: String?, named name: String) throws -> Int32 {
        if let directory {
            let template = "\(directory)/hadamesh-XXXXXX"
            var path = Array(template.utf8CString)
            let descriptor = mkstemp(&path)
            if descriptor < 0 {
                throw Unavailable(reason: "\(directory): \(String(cString: strerror(errno)))")
            }
            unlink(path)
            // Allocate now: on a full disk a later write would raise SIGBUS.
            let code = posix_fallocate(descriptor, 0, off_t(byteCount))
            if code != 0 {
                close(descriptor)
                throw Unavailable(reason: "\(directory): \(String(cString: strerror(code)))")
            }
            return descriptor
        }
        try requireAvailable(byteCount)
        let descriptor = memoryFile(name)
        if descriptor < 0 { throw Unavailable(reason: "this system lacks memfd_create") }
        // Allocate now: at a memory limit a later write would get the rank killed.
        let code = posix_fallocate(descriptor, 0, off_t(byteCount))
        if code != 0 {
            close(descriptor)
            throw Unavailable(reason: String(cString: strerror(code)))
        }
        return descriptor
    }

    /// Throws unless the memory is available with a reserve: otherwise the kernel might kill a process later.
    private static func requireAvailable(_ byteCount: Int) throws {
        guard let available = AvailableMemory.bytes else { return }
        let reserve = max(64 << 20, available / 10)
        if byteCount <= available - reserve { return }
        let owner = AvailableMemory.isLimited() ? "this job's memory limit leaves" : "this node has"
        throw Unavailable(
            reason: "\(owner) \(available >> 20) MB, but \(byteCount >> 20) MB and a reserve of "
                + "\(reserve >> 20) MB are needed")
    }

    /// An in-memory file; -1 if the C library has no `memfd_create`.
    ///
    /// The Glibc module does not export `memfd_create`, hence `dlsym`.
    private static func memoryFile(_ name: String) -> Int32 {
        guard let symbol = dlsym(nil, "memfd_create") else { return -1 }
        typealias Create = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
        let closeOnExec: UInt32 = 1
        return unsafeBitCast(symbol, to: Create.self)(name, closeOnExec)
    }

    /// Maps a file; nil unless it has this device, inode and length.
    private static func map(_ path: String, _ byteCount: Int, _ inode: [Int64]) -> NodeSharedMemory? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        if descriptor < 0 { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size == off_t(byteCount),
            [Int64(bitPattern: UInt64(status.st_dev)), Int64(bitPattern: UInt64(status.st_ino))] == inode
        else { return nil }
        guard let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            start != MAP_FAILED
        else { return nil }
        return NodeSharedMemory(UnsafeMutableRawBufferPointer(start: start, count: byteCount))
    }
}
