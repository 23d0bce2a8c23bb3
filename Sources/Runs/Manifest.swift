import Diagnostics
package import Formats
import Foundation

/// What a run ran on and from, as its `manifest.json` holds it: names and values in order.
package struct Manifest: Sendable, Equatable {
    /// All of it, a JSON object.
    package private(set) var content: JSONValue

    /// Makes a manifest of fields in their order.
    package init(_ fields: [(String, JSONValue)]) { content = .object(fields) }

    /// The value of a field.
    package subscript(field: String) -> JSONValue? { content[field] }

    /// Writes the manifest atomically.
    package func write(to directory: RunDirectory) throws {
        try AtomicFile.write(Data(content.encodedForReading().utf8), to: directory.manifestFile)
    }

    /// Reads the manifest of a run.
    package static func read(_ directory: RunDirectory) throws -> Manifest {
        let path = directory.manifestFile
        let content = try MappedFile(path: path).withBytes { try JSONValue(parsing: $0, at: path) }
        guard let fields = content.object else { throw Failure.data("expected a JSON object", at: path) }
        return Manifest(fields)
    }
}
