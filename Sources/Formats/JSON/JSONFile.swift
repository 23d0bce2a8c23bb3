import Foundation

/// A file that holds one JSON value, indented for readers.
package enum JSONFile {
    /// Replaces the file atomically.
    package static func write(_ value: some Encodable, to path: String) throws {
        try AtomicFile.write(Data(JSONValue(encoding: value).encodedForReading().utf8), to: path)
    }

    /// Reads the file; nil if there is none.
    package static func read<Content: Decodable>(_ path: String) throws -> Content? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try MappedFile(path: path).withBytes { try JSONValue(parsing: $0, at: path) }
            .decoded(from: path)
    }
}
