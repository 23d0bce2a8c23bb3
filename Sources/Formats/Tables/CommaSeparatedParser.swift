import Diagnostics

/// Reads comma-separated values as RFC 4180 defines them.
///
/// A field that begins with a quote ends at the next quote that is not doubled. Quotes in other fields, and
/// text after the closing quote, are failures: readers disagree on their meaning.
struct CommaSeparatedParser {
    let bytes: UnsafeRawBufferPointer
    let path: String
    private var position = 0
    /// The line of the position.
    private var line = 1

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    init(bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes
        self.path = path
    }

    mutating func rows() throws -> [DataTable.Row] {
        var rows: [DataTable.Row] = []
        var columns = 1
        while position < bytes.count {
            let first = line
            var fields: [String] = []
            fields.reserveCapacity(columns)
            fields.append(try field())
            while next == Self.comma {
                position += 1
                fields.append(try field())
            }
            endLine()
            columns = fields.count
            rows.append(DataTable.Row(line: first, fields: fields))
        }
        return rows
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Whether the row ends here: with the file, or with a line feed and a carriage return before it, if any.
    private var isAtEndOfLine: Bool {
        guard let next else { return true }
        guard next == Self.carriageReturn else { return next == Self.lineFeed }
        return position + 1 == bytes.count || bytes[position + 1] == Self.lineFeed
    }

    private mutating func endLine() {
        if next == Self.carriageReturn { position += 1 }
        if next == Self.lineFeed { position += 1 }
        line += 1
    }

    private mutating func field() throws -> String {
        if next == Self.quote { return try quoted() }
        let start = position
        while let next, next != Self.comma, !isAtEndOfLine {
            guard next != Self.quote else {
                throw Failure.data(
                    "found a quote inside a field that does not begin with one", at: "\(path):\(line)",
                    remedy: "put the field in quotes and double the quotes inside it")
            }
            position += 1
        }
        return try text(bytes[start..<position], line: line)
    }

    private mutating func quoted() throws -> String {
        let opened = line
        position += 1
        var joined: String?
        while true {
            let (start, first) = (position, line)
            while let next, next != Self.quote {
                if next == Self.lineFeed { line += 1 }
                position += 1
            }
            guard next != nil else {
                throw Failure.data(
                    "the file ends inside a field whose quote opened on this line", at: "\(path):\(opened)",
                    remedy: "close the quote; a quote inside the field is doubled")
            }
            position += 1
            guard next == Self.quote else {
                let piece = try text(bytes[start..<position - 1], line: first)
                guard next == Self.comma || isAtEndOfLine else {
                    throw Failure.data(
                        "found text after a field's closing quote, expected a comma or the end of the line",
                        at: "\(path):\(line)", remedy: "double the quotes inside the field")
                }
                return joined.map { $0 + piece } ?? piece
            }
            // The first of two quotes belongs to the field.
            joined = try (joined ?? "") + text(bytes[start..<position], line: first)
            position += 1
        }
    }

    private func text(_ bytes: Slice<UnsafeRawBufferPointer>, line: Int) throws -> String {
        if let text = String(utf8: bytes) { return text }
        // A field may span lines: name that of the first wrong byte.
        var (end, current) = (bytes.startIndex, line)
        while let feed = bytes[end...].firstIndex(of: Self.lineFeed), String(utf8: bytes[end..<feed]) != nil {
            (end, current) = (feed + 1, current + 1)
        }
        throw DataTable.notUTF8(at: path, line: current)
    }
}
