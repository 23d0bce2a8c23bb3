package import Foundation

/// A folder of one test, removed with the object.
package final class TemporaryFolder: Sendable {
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

    /// Makes a folder with text files, by name.
    package convenience init(_ files: [String: String]) throws {
        try self.init()
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, with the folders that it lies in, and returns its path.
    @discardableResult
    package func write(_ data: Data, to name: String) throws -> String {
        let place = URL(filePath: file(name))
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: place)
        return file(name)
    }

    /// Writes a text file, and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try write(Data(text.utf8), to: name)
    }

    package func read(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: file(name))) }

    /// The names in the folder, sorted.
    package var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}
