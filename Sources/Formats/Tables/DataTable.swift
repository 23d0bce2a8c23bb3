import Diagnostics
package import Foundation

/// A table of texts and labels, with the line of each row.
///
/// A byte order mark at the start and a carriage return before a line feed are dropped, and the last line
/// feed may be missing. Malformed input is a failure that names file and line.
package struct DataTable: Sendable {
    package struct Row: Sendable, Equatable {
        /// The line on which the row begins, counted from 1.
        package let line: Int
        /// An empty line of a delimited table has one empty field.
        package let fields: [String]

        package init(line: Int, fields: [String]) { (self.line, self.fields) = (line, fields) }
    }

    /// The columns that a reader needs.
    ///
    /// Objects are read for these keys alone. Other formats are read whole, because their first row may name
    /// the columns.
    package struct Columns: Sendable {
        /// Keys that every object must have.
        let required: [String]
        /// A key that all objects have, or none.
        let optional: String?

        package init(_ required: [String], optional: String? = nil) {
            (self.required, self.optional) = (required, optional)
        }
    }

    /// The path, as failures name it.
    package let path: String
    package let format: DataFormat
    /// The columns of objects; nil for delimited tables, in which only the first row may name them.
    package let names: [String]?
    /// All rows, including any header.
    package let rows: [Row]

    package init(path: String, format: DataFormat, columns: Columns = Columns([])) throws {
        self = try MappedFile(path: path).withBytes {
            try DataTable(bytes: $0, at: path, format: format, columns: columns)
        }
    }

    /// Reads a table from memory, such as standard input; failures name `path`.
    package init(_ data: Data, at path: String, format: DataFormat, columns: Columns = Columns([])) throws {
        self = try data.withUnsafeBytes {
            try DataTable(bytes: $0, at: path, format: format, columns: columns)
        }
    }

    private init(
        bytes: UnsafeRawBufferPointer, at path: String, format: DataFormat, columns: Columns
    ) throws {
        self.path = path
        self.format = format
        if bytes.starts(with: ParquetFile.signature) { throw ParquetFile.failure(at: path) }
        if bytes.starts(with: [0x1f, 0x8b]) {
            throw Failure.data("is compressed with gzip", at: path, remedy: "unpack it with gunzip")
        }
        let hasMark = bytes.starts(with: [0xef, 0xbb, 0xbf])
        let text = UnsafeRawBufferPointer(rebasing: bytes[(hasMark ? 3 : 0)...])
        switch format {
        case .tsv:
            names = nil
            rows = try Self.tabSeparated(text, at: path)
        case .csv:
            names = nil
            var parser = CommaSeparatedParser(bytes: text, path: path)
            rows = try parser.rows()
        case .jsonl:
            let objects = try JSONObjectLines(text, at: path, columns)
            names = objects.names
            rows = objects.rows
        }
    }

    static func notUTF8(at path: String, line: Int) -> Failure {
        .data("found bytes that are not UTF-8", at: "\(path):\(line)", remedy: "convert the file to UTF-8")
    }
}

extension DataTable {
    /// Splits lines at tabs; all other characters are ordinary ones.
    private static func tabSeparated(_ bytes: UnsafeRawBufferPointer, at path: String) throws -> [Row] {
        var rows: [Row] = []
        var position = 0
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
                guard let text = String(utf8: bytes[start..<end]) else {
                    throw notUTF8(at: path, line: rows.count + 1)
                }
                fields.append(text)
                position += 1
            }
            columns = fields.count
            rows.append(Row(line: rows.count + 1, fields: fields))
        }
        return rows
    }
}

extension String {
    /// The text of bytes; nil if they are not UTF-8.
    init?(utf8 bytes: Slice<UnsafeRawBufferPointer>) {
        let buffer = UnsafeRawBufferPointer(rebasing: bytes).assumingMemoryBound(to: UInt8.self)
        self.init(validating: buffer, as: UTF8.self)
    }
}
