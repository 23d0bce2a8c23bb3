import Diagnostics
import Foundation

/// An append-only file of JSON values, one per line.
///
/// A line is written by a single call. A killed process may still leave a partial last line, without a line
/// feed: reopening the file removes it, and reading skips it.
package final class JSONLines {
    private let file: AppendingFile

    /// Opens the file, keeping its complete lines if `appending`, or else emptying it.
    package init(path: String, appending: Bool) throws {
        file = try AppendingFile(path: path, existing: appending ? .keep : .discard)
        if appending {
            let (whole, count) = try MappedFile(path: path).withBytes {
                (Self.wholeLines($0).count, $0.count)
            }
            if whole < count { try file.truncate(to: whole) }
        }
    }

    package var path: String { file.path }

    package func append(_ value: JSONValue) throws {
        try file.append(Array((value.encoded() + "\n").utf8))
    }

    /// Flushes the file to disk.
    package func synchronize() throws { try file.synchronize() }

    /// In bytes.
    package var length: Int { Int(file.length) }

    /// Whether a line begins at this byte position, or would after an append.
    package func hasLine(at position: Int) throws -> Bool {
        if position <= 0 || position > length { return position == 0 }
        return try MappedFile(path: path).withBytes { $0[position - 1] == UInt8(ascii: "\n") }
    }

    /// The lines from a byte position on, which must be the start of a line.
    package func lines(after position: Int) throws -> [JSONValue] {
        if position >= length { return [] }
        return try MappedFile(path: path).withBytes {
            try Self.parse(UnsafeRawBufferPointer(rebasing: $0[position...]), at: path)
        }
    }

    /// Replaces the lines from a byte position on.
    package func replace(after position: Int, with values: [JSONValue]) throws {
        try file.truncate(to: position)
        try file.append(Array(values.map { $0.encoded() + "\n" }.joined().utf8))
    }

    /// Reads all complete lines.
    package static func read(path: String) throws -> [JSONValue] {
        try MappedFile(path: path).withBytes { try parse($0, at: path) }
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer, at path: String) throws -> [JSONValue] {
        let lines = wholeLines(bytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.dropLast().enumerated().map { index, line in
            do {
                return try JSONValue(parsing: UnsafeRawBufferPointer(rebasing: line), at: path)
            } catch let failure as Failure {
                throw failure.at("\(path):\(index + 1)")
            }
        }
    }

    /// The bytes up to and including the last line feed.
    private static func wholeLines(_ bytes: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        bytes[..<(bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)]
    }
}
