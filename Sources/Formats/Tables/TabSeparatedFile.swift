import Diagnostics
package import Foundation

/// A tab-separated table, as GLUE's files are.
///
/// Only tabs separate fields and only line feeds end rows; quotes are ordinary characters. A byte order mark
/// at the start and a carriage return before a line feed are dropped, and the last line feed may be missing.
package struct TabSeparatedFile: Sendable {
    package struct Row: Sendable, Equatable {
        /// Counted from 1.
        package let line: Int
        /// An empty line has one empty field.
        package let fields: [String]
    }

    /// The path, as failures name it.
    package let path: String
    /// All lines, including any header.
    package let rows: [Row]

    package init(path: String) throws {
        self = try MappedFile(path: path).withBytes { try TabSeparatedFile(bytes: $0, at: path) }
    }

    /// Reads a table from memory, such as standard input; failures name `path`.
    package init(_ data: Data, at path: String) throws {
        self = try data.withUnsafeBytes { try TabSeparatedFile(bytes: $0, at: path) }
    }

    private init(bytes: UnsafeRawBufferPointer, at path: String) throws {
        var rows: [Row] = []
        var position = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        let tab = UInt8(ascii: "\t")
        let lineFeed = UInt8(ascii: "\n")
        var columns = 1
        while position < bytes.count {
            var fields: [String] = []
            fields.reserveCapacity(columns)
            var isRowOpen = true
            while isRowOpen {
                let start = position
                while position < bytes.count, bytes[position] != tab, bytes[position] != lineFeed {
                    position += 1
                }
                var end = position
                isRowOpen = position < bytes.count && bytes[position] == tab
                if !isRowOpen, end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
                let field = UnsafeRawBufferPointer(rebasing: bytes[start..<end]).assumingMemoryBound(
                    to: UInt8.self)
                guard let text = String(validating: field, as: UTF8.self) else {
                    throw Failure.data(
                        "found bytes that are not UTF-8", at: "\(path):\(rows.count + 1)",
                        remedy: "convert the file to UTF-8")
                }
                fields.append(text)
                position += 1
            }
            columns = fields.count
            rows.append(Row(line: rows.count + 1, fields: fields))
        }
        self.path = path
        self.rows = rows
    }
}
