import Diagnostics

/// The values of some keys of a file with a JSON object on each line.
///
/// A value is a string or a number, which is read as its text. Other keys are ignored.
struct JSONObjectLines {
    /// The keys, in the order of a row's fields.
    let names: [String]
    private(set) var rows: [DataTable.Row] = []

    private static let remedy = "write one object on each line (pandas: orient=\"records\", lines=True)"

    init(_ bytes: UnsafeRawBufferPointer, at path: String, _ columns: DataTable.Columns) throws {
        var names = columns.required
        var number = 0
        var position = 0
        while position < bytes.count {
            number += 1
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let members = try Self.members(bytes[position..<end], at: path, line: number)
            position = end + 1
            if let optional = columns.optional {
                let hasIt = members.contains { $0.0 == optional }
                if number == 1, hasIt { names.append(optional) }
                if hasIt != (names.count > columns.required.count) {
                    throw Failure.data(
                        "\(hasIt ? "has the" : "has no") key '\(optional)', other than line 1",
                        at: "\(path):\(number)", remedy: "give it on all lines or on none")
                }
            }
            let fields = try names.map { try Self.text(of: $0, in: members, at: path, line: number) }
            rows.append(DataTable.Row(line: number, fields: fields))
        }
        self.names = names
    }

    private static func members(
        _ bytes: Slice<UnsafeRawBufferPointer>, at path: String, line: Int
    ) throws -> [(String, JSONValue)] {
        var found = "a blank line"
        if !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) {
            let first = bytes.first { $0 != 0x20 && $0 != 0x09 }
            // A list may end on another line.
            if first == UInt8(ascii: "[") { throw wrong("a list", at: path, line: line) }
            let value: JSONValue
            do {
                value = try JSONValue(parsing: UnsafeRawBufferPointer(rebasing: bytes), at: path)
            } catch let failure as Failure {
                guard String(utf8: bytes) != nil else { throw DataTable.notUTF8(at: path, line: line) }
                // A line is no JSON if the object continues on the next one.
                throw Failure.data(failure.message, at: "\(path):\(line)", remedy: failure.remedy ?? remedy)
            }
            if let members = value.object { return members }
            found = value.kind
        }
        throw wrong(found, at: path, line: line)
    }

    private static func wrong(_ found: String, at path: String, line: Int) -> Failure {
        .data("found \(found), expected an object", at: "\(path):\(line)", remedy: remedy)
    }

    private static func text(
        of key: String, in members: [(String, JSONValue)], at path: String, line: Int
    ) throws -> String {
        guard let value = members.first(where: { $0.0.utf8.elementsEqual(key.utf8) })?.1 else {
            throw Failure.data(
                "no key '\(key)' in the object, which has \(listed(members.map(\.0)))", at: "\(path):\(line)",
                remedy: "each line must have the keys of the columns")
        }
        switch value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .unsigned(let number): return String(number)
        case .number(let number): return String(number)
        case .null, .bool, .array, .object:
            throw Failure.data(
                "'\(key)' is \(value.kind), expected a string or a number", at: "\(path):\(line)")
        }
    }
}
