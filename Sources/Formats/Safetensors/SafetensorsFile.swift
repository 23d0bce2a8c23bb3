import Diagnostics
package import Foundation

/// A safetensors file, mapped and checked: its tensors are used in place.
package final class SafetensorsFile: TensorSource {
    private let file: MappedFile
    /// Every tensor by name.
    package let tensors: [String: TensorEntry]
    /// The file's free-form notes.
    package let metadata: [String: String]

    /// Maps a file and checks its whole header.
    package convenience init(path: String) throws {
        try self.init(MappedFile(path: path))
    }

    /// Reads a file whose bytes are at hand already; failures name `path`.
    package convenience init(_ data: Data, path: String) throws {
        try self.init(MappedFile(copying: data, path: path))
    }

    private init(_ file: MappedFile) throws {
        self.file = file
        let path = file.path
        let header = try SafetensorsHeader(file.bytes, path: path)
        tensors = header.tensors
        metadata = header.metadata
    }

    /// The path as it was given.
    package var path: String { file.path }

    /// The number of bytes in the file.
    package var byteCount: Int { file.bytes.count }

    /// This file, where it has such a tensor.
    package func file(holding name: String) -> SafetensorsFile? { tensors[name] == nil ? nil : self }

    /// Refuses a file that was written to since it was mapped.
    func checkUnchanged() throws { try file.checkUnchanged() }

    /// Adds the file's bytes to a checksum.
    func add(to checksum: inout CRC32C) { file.withBytes { checksum.update($0) } }

    /// The tensor's bytes in the mapping, valid while this object lives.
    ///
    /// The header has been checked to keep them inside the file.
    func bytes(of entry: TensorEntry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    }
}
