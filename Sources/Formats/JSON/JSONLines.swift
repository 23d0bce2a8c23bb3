import Diagnostics
import Foundation

/// A file of JSON values, one a line, that grows at its end.
///
/// Every line is written whole, by a single write. A process that is killed can still leave a torn last
/// line, which has no line feed: reopening cuts it off, and reading leaves it out.
package final class JSONLines {
    private let file: AppendingFile

    /// Opens a file to append to, keeping the whole lines it has or starting it anew.
    package init(path: String, appending: Bool) throws {
        file = try AppendingFile(path: path, existing: appending ? .keep : .discard)
        if appending {
            let (whole, count) = try MappedFile(path: path).withBytes {
                (Self.wholeLines($0).count, $0.count)
            }
            if whole < count { try file.truncate(to: whole) }
        }
    }

    /// The file's path.
    package var path: String { file.path }

    /// Appends a value as one line.
    package func append(_ value: JSONValue) throws {
        try file.append(Array((value.encoded() + "\n").utf8))
    }

    /// Forces the lines to disk.
    package func synchronize() throws { try file.synchronize() }

    /// The bytes of all lines.
    package var length: Int { Int(file.length) }

    /// Whether a line begins after so many bytes, or would if one were appended.
    package func hasLine(at position: Int) throws -> Bool {
        if position <= 0 || position > length { return position == 0 }
        return try MappedFile(path: path).withBytes { $0[position - 1] == UInt8(ascii: "\n") }
    }

    /// The lines that begin after so many bytes, which must be the begin of a line.
    package func lines(after position: Int) throws -> [JSONValue] {
        if position >= length { return [] }
        return try MappedFile(path: path).withBytes {
            try Self.parse(UnsafeRawBufferPointer(rebasing: $0[position...]), at: path)
        }
    }

    /// Replaces all lines that begin after so many bytes.
    package func replace(after position: Int, with values: [JSONValue]) throws {
        try file.truncate(to: position)
        try file.append(Array(values.map { $0.encoded() + "\n" }.joined().utf8))
    }

    /// Reads every whole line.
    package static func read(path: String) throws -> [JSONValue] {
        try MappedFile(path: path).withBytes { try parse($0, at: path) }
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer, at path: String) throws -> [JSONValue] {
        let lines = wholeLines(bytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.dropLast().enumerated().map { index, line in
            do {
                return try JSONValue(parsing: UnsafeRawBufferPointer(rebasing: line), at: path)
            } catch let failure as Failure {
                throw Failure(failure.kind, at: "\(path):\(index + 1)", failure.what, remedy: failure.remedy)
            }
        }
    }

    /// The bytes up to the last line feed, it included.
    private static func wholeLines(_ bytes: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        bytes[..<(bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)]
    }
}
