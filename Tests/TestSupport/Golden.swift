package import Formats
import Foundation

/// The expected values of one file under `Tests/Golden`, which a committed script wrote beside it.
package struct Golden: Sendable {
    /// The folder `Tests/Golden`.
    package static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appending(path: "Golden").path(percentEncoded: false)

    /// The file's tensors.
    package let file: SafetensorsFile

    /// Opens `Tests/Golden/NAME.safetensors`.
    package init(_ name: String) throws {
        file = try SafetensorsFile(path: "\(Self.folder)/\(name).safetensors")
    }

    /// The values of an F32 tensor.
    package func floats(_ name: String) throws -> [Float] { try file.floats(name) }

    /// The values of an I64 tensor.
    package func integers(_ name: String) throws -> [Int] { try file.int64s(name).map { Int($0) } }

    /// The dimensions of a tensor.
    package func shape(_ name: String) throws -> [Int] { try file.entry(name).shape }

    /// A copy of an F32 tensor as a matrix; a tensor of one dimension is one row.
    package func matrix(_ name: String) throws -> GuardedMatrix {
        let shape = try shape(name)
        return GuardedMatrix(try floats(name), rows: shape.count == 2 ? shape[0] : 1)
    }
}
