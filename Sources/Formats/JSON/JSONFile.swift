import Foundation

/// A file that holds one JSON value, indented for readers.
package enum JSONFile {
    /// Replaces the file atomically.
    package static func write(_ value: some Encodable, to path: String) throws {
        try AtomicFile.write(Data(JSONValue(encoding: value).encodedForReading().utf8), to: path)
    }
}
