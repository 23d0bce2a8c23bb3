import Diagnostics
import Foundation

/// Memory that all ranks of one host see: what one of them writes is there for the others.
///
/// It is a file without a name, in memory or in a folder of the host's own disk, that each rank maps. Nothing is left of
/// it when the ranks have ended, however they ended, so no later run can meet what an earlier one wrote.
///
/// Ranks write disjoint parts, or the same bytes, and read what others wrote only after a collective that both took part
/// in.
package final class NodeMemory: @unchecked Sendable {
    /// All bytes, zeros at first; valid while this object lives.
    package let bytes: UnsafeMutableRawBufferPointer

    private init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    deinit { munmap(bytes.baseAddress, bytes.count) }

    /// Makes memory that the ranks of a host share; every one of them must call it, with the same arguments.
    ///
    /// - Parameters:
    ///   - byteCount: how much, more than 0
    ///   - directory: a folder on the host's disk to put it in; nil for memory
    ///   - name: what the system's lists of mapped memory call it, where it is in memory
    ///   - host: the host's ranks, see ``Communicator/nodeCommunicator()``
    /// - Returns: the memory; or, on all ranks alike, why there is none
    /// - Throws: a failure of the communicator alone
    package static func make(
        byteCount: Int, in directory: String?, named name: String = "hadamesh", among host: any Communicator
    ) throws -> Result<NodeMemory, Unavailable> {
        precondition(byteCount > 0, "memory of no bytes can't be shared")
        // The first rank makes the file and says where to find it; an empty place means that there is none.
        var descriptor: Int32 = -1
        var reason = ""
        if host.rank == 0 {
            do {
                descriptor = try file(byteCount, in: directory, named: name)
            } catch let unavailable as Unavailable {
                reason = unavailable.why
            }
        }
        defer { if descriptor >= 0 { close(descriptor) } }
        var place = Array("/proc/\(getpid())/fd/\(descriptor)".utf8)
        var status = stat()
        if descriptor < 0 || fstat(descriptor, &status) != 0 { place = [] }
        try host.broadcast(&place, from: 0)
        // Where ranks count processes of their own, the path is another process's file: its number tells.
        var number = [Int64(bitPattern: UInt64(status.st_dev)), Int64(bitPattern: UInt64(status.st_ino))]
        try host.broadcast(&number, from: 0)
        var why = Array(reason.utf8)
        try host.broadcast(&why, from: 0)
        if place.isEmpty { return .failure(Unavailable(why: String(decoding: why, as: UTF8.self))) }

        let mapped = map(String(decoding: place, as: UTF8.self), byteCount, number)
        var missing: [Int32] = [mapped == nil ? 1 : 0]
        // Also keeps the first rank from closing the file before all have opened it.
        try host.allReduce(&missing, .max)
        guard let mapped, missing[0] == 0 else {
            return .failure(Unavailable(why: "a rank of this host can't map the first one's memory"))
        }
        return .success(mapped)
    }

    /// From now on this rank can only read the bytes: a write ends it.
    package func seal() { mprotect(bytes.baseAddress, bytes.count, PROT_READ) }

    /// Why there is no memory to share.
    package struct Unavailable: Error, Equatable {
        /// In words.
        package let why: String
    }

    private static func file(_ byteCount: Int, in directory: String?, named name: String) throws -> Int32 {
        if let directory {
            let template = "\(directory)/hadamesh-XXXXXX"
            var path = Array(template.utf8CString)
            let descriptor = mkstemp(&path)
            if descriptor < 0 { throw Unavailable(why: "\(directory): \(String(cString: strerror(errno)))") }
            unlink(path)
            // Room is taken now: a full disk would otherwise show as a fault at some later write.
            let code = posix_fallocate(descriptor, 0, off_t(byteCount))
            if code != 0 {
                close(descriptor)
                throw Unavailable(why: "\(directory): \(String(cString: strerror(code)))")
            }
            return descriptor
        }
        try requireAvailable(byteCount)
        let descriptor = memoryFile(name)
        if descriptor < 0 { throw Unavailable(why: "this system has no files in memory") }
        // Pages are taken now: a limit would otherwise show as the kill of a rank at some later write.
        let code = posix_fallocate(descriptor, 0, off_t(byteCount))
        if code != 0 {
            close(descriptor)
            throw Unavailable(why: String(cString: strerror(code)))
        }
        return descriptor
    }

    /// Refuses to take what isn't there, or the last of it: some process would be killed for what it needs later.
    private static func requireAvailable(_ byteCount: Int) throws {
        guard let available = AvailableMemory.bytes else { return }
        let reserve = max(64 << 20, available / 10)
        if byteCount <= available - reserve { return }
        let owner = AvailableMemory.isLimited() ? "this job's memory limit leaves" : "this host has"
        throw Unavailable(
            why:
                "\(owner) \(available >> 20) MB, \(byteCount >> 20) MB are asked for with \(reserve >> 20) MB to spare"
        )
    }

    /// A file that is pages of memory and nothing else; -1 where the C library has none.
    ///
    /// The Glibc module leaves `memfd_create` out, so it is looked up.
    private static func memoryFile(_ name: String) -> Int32 {
        guard let symbol = dlsym(nil, "memfd_create") else { return -1 }
        typealias Create = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
        let closedOnExec: UInt32 = 1
        return unsafeBitCast(symbol, to: Create.self)(name, closedOnExec)
    }

    /// Maps a file if it is the one with this number of device and file, and as long.
    private static func map(_ path: String, _ byteCount: Int, _ number: [Int64]) -> NodeMemory? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        if descriptor < 0 { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size == off_t(byteCount),
            [Int64(bitPattern: UInt64(status.st_dev)), Int64(bitPattern: UInt64(status.st_ino))] == number
        else { return nil }
        guard let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            start != MAP_FAILED
        else { return nil }
        return NodeMemory(UnsafeMutableRawBufferPointer(start: start, count: byteCount))
    }
}
