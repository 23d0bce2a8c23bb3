import Diagnostics
import Formats

/// The identity of a run and a record of each start: `manifest.json`.
package struct Manifest: Codable, Sendable, Equatable {
    private let json: JSONValue?
    /// Whether the result mixes kernels or versions whose bits differ.
    package let mixed: Bool?
    package let starts: [RunStart]?
    /// The adapters that the run's was merged from; nil if it was trained.
    package let merged: MergeRecord?

    private enum CodingKeys: String, CodingKey { case json = "identity", mixed, starts, merged }

    package init(
        identity: (some Encodable)?, mixed: Bool? = nil, starts: [RunStart]? = nil, merged: MergeRecord? = nil
    ) throws {
        json = try identity.map { try JSONValue(encoding: $0) }
        self.mixed = mixed
        self.starts = starts
        self.merged = merged
    }

    /// The identity, decoded; nil if none was written.
    package func identity<Identity: Decodable>() throws -> Identity? {
        try json?.decoded { .data("has no usable 'identity.\($0)'", at: "manifest.json") }
    }

    /// Writes the manifest atomically.
    package func write(to directory: RunDirectory) throws {
        try JSONFile.write(self, to: directory.manifestFile)
    }

    /// Reads the manifest of a run; nil if it has none.
    package static func read(_ directory: RunDirectory) throws -> Manifest? {
        try JSONFile.read(directory.manifestFile)
    }
}
