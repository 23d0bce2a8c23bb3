import Diagnostics
import Foundation

/// A file of JSON values, one a line, that grows at its end.
///
/// Every line is written whole, by a single write. A process that is killed can still leave a torn last
/// line, which has no line feed: reopening cuts it off, and reading leaves it out.
public final class JSONLines {
    private let file: AppendingFile

    /// Opens a file to append to, keeping the whole lines it has or starting it anew.
    public init(path: String, appending: Bool) throws {
        file = try AppendingFile(path: path, existing: appending ? .keep : .discard)
        if appending {
            let (whole, count) = try MappedFile(path: path).withBytes {
                (Self.wholeLines($0).count, $0.count)
            }
            if whole < count { try file.truncate(to: whole) }
        }
    }

    /// The file's path.
    public var path: String { file.path }

    /// Appends a value as one line.
    public func append(_ value: JSONValue) throws {
        try file.append(Array((value.encoded() + "\n").utf8))
    }

    /// Forces the lines to disk.
    public func synchronize() throws { try file.synchronize() }

    /// Reads every whole line.
    public static func read(path: String) throws -> [JSONValue] {
        try MappedFile(path: path).withBytes { bytes in
            let lines = wholeLines(bytes).split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            return try lines.dropLast().enumerated().map { index, line in
                do {
                    return try JSONValue(parsing: UnsafeRawBufferPointer(rebasing: line), at: path)
                } catch let failure as Failure {
                    throw Failure(
                        failure.kind, at: "\(path):\(index + 1)", failure.what, remedy: failure.remedy)
                }
            }
        }
    }

    /// The bytes up to the last line feed, it included.
    private static func wholeLines(_ bytes: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        bytes[..<(bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)]
    }
}
