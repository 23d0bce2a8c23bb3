import Adapters
import Diagnostics
import Formats

/// An adapter file that a method was built on.
///
/// The method's results are valid only with this exact file.
struct FileOfAnotherRun: Codable, Sendable, Equatable {
    let path: String
    let checksum: UInt32

    /// The files that a method reads; nil if it reads none.
    static func all(of method: any AdapterMethod) throws -> [FileOfAnotherRun]? {
        let paths = method.members((any MethodOnAdapters).self).flatMap(\.inputFiles)
        if paths.isEmpty { return nil }
        return try paths.map { path in
            FileOfAnotherRun(
                path: path, checksum: try MappedFile(path: path).withBytes { CRC32C.checksum($0) })
        }
    }

    /// Refuses files whose checksums differ from the saved ones; paths may differ.
    static func check(
        _ saved: [FileOfAnotherRun]?, against current: [FileOfAnotherRun]?, since when: String, remedy: String
    ) throws {
        let saved = saved ?? []
        for (index, file) in (current ?? []).enumerated()
        where !saved.indices.contains(index) || file.checksum != saved[index].checksum {
            throw Failure.data(
                "is not what it was when \(when): its checksum differs", at: file.path, remedy: remedy)
        }
    }
}
