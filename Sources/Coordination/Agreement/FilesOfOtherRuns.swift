import Adapters
import Diagnostics
import Formats

/// What a method reads from other runs: results are of use only beside the files that they came from.
enum FilesOfOtherRuns {
    /// Each file's path and checksum; nil where the method reads none.
    static func checksums(_ method: any AdapterMethod) throws -> JSONValue? {
        let paths = method.members((any MethodOnAdapters).self).flatMap(\.inputFiles)
        if paths.isEmpty { return nil }
        return .array(
            try paths.map { path in
                let checksum = try MappedFile(path: path).withBytes { CRC32C.checksum($0) }
                return ["path": .string(path), "checksum": .integer(Int(checksum))]
            })
    }

    /// Refuses files whose checksums are not those that were saved; they may lie elsewhere.
    static func check(
        _ saved: JSONValue?, against current: JSONValue?, since when: String, remedy: String
    ) throws {
        for (index, file) in (current?.array ?? []).enumerated()
        where file["checksum"] != saved?[index]?["checksum"] {
            throw Failure.data(
                "is not what it was when \(when): it has another checksum", at: file["path"]?.string,
                remedy: remedy)
        }
    }
}
