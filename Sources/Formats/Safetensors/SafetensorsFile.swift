import Diagnostics
package import Foundation

/// A mapped safetensors file with a validated header; tensors are used in place.
package final class SafetensorsFile: TensorSource {
    private let file: MappedFile
    package let tensors: [String: TensorEntry]
    package let metadata: [String: String]

    /// Maps a file and validates its header.
    package convenience init(path: String) throws {
        try self.init(MappedFile(path: path))
    }

    /// Validates the bytes of a file that has already been read; failures name `path`.
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

    package var path: String { file.path }

    package var byteCount: Int { file.bytes.count }

    /// This file if it has the tensor, or nil.
    package func file(holding name: String) -> SafetensorsFile? { tensors[name] == nil ? nil : self }

    /// Throws if the file was written since it was mapped.
    func checkUnchanged() throws { try file.checkUnchanged() }

    func add(to checksum: inout CRC32C) { file.withBytes { checksum.update($0) } }

    /// The tensor's bytes in the mapping; valid while this object lives.
    func bytes(of entry: TensorEntry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    }
}
