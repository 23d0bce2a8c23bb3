package import Foundation

/// A folder of a test's own, removed with the object.
package final class TemporaryFolder {
    /// Where it is.
    package let path: String

    /// Makes an empty folder, or a copy of another one.
    package init(copying other: String? = nil) throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "hadamesh-\(UUID().uuidString)")
        path = place.path(percentEncoded: false)
        if let other {
            try FileManager.default.copyItem(atPath: other, toPath: path)
        } else {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file.
    package func write(_ data: Data, to name: String) throws {
        try data.write(to: URL(filePath: file(name)))
    }

    /// Writes a text file.
    package func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

    /// Reads a file.
    package func read(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: file(name))) }
}
