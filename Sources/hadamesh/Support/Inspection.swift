import Formats
import Foundation

/// The description of a file or folder: facts, and tables of its parts.
struct Inspection {
    struct Table {
        let name: String
        let headings: [String]
        let rows: [[(any Encodable)?]]
        /// Significant digits of numbers in text; JSON has all.
        let digits: Int
    }

    private var facts: [(name: String, value: any Encodable)]
    private var tables: [Table] = []

    init(_ kind: String) { facts = [("kind", kind)] }

    /// Adds a fact, unless its value is nil.
    mutating func add(_ name: String, _ value: (any Encodable)?) {
        if let value { facts.append((name, value)) }
    }

    /// Adds a table, unless it has no rows.
    mutating func add(_ name: String, _ headings: [String], _ rows: [[(any Encodable)?]], digits: Int = 6) {
        if !rows.isEmpty {
            tables.append(Table(name: name, headings: headings, rows: rows, digits: digits))
        }
    }

    func report(_ format: TableFormat) throws -> String {
        let facts = try facts.map { ($0.name, try JSONValue(encoding: $0.value)) }
        var texts = [facts.map { [$0, Self.text($1)] }]
        var values: [(String, JSONValue)] = []
        for table in tables {
            let rows = try table.rows.map { try $0.map { try $0.map(JSONValue.init(encoding:)) ?? .null } }
            texts.append([table.headings] + rows.map { $0.map { Self.text($0, digits: table.digits) } })
            values.append((table.name, .array(rows.map { .object(Array(zip(table.headings, $0))) })))
        }
        return try TableReport(texts.map { .init(nil, TextTable($0)) })
            .text(format, width: TextOutput.width(), json: JSONValue.object(facts + values))
    }

    /// A value as text; a number that is no integer with some significant digits.
    private static func text(_ value: JSONValue, digits: Int = 6) -> String {
        switch value {
        case .null: "–"
        case .number(let number): String(format: "%.\(digits)g", number)
        case .string(let text): text
        case .array(let values): values.map { text($0, digits: digits) }.joined(separator: ", ")
        case .object(let members):
            members.map { "\($0)=\(text($1, digits: digits))" }.joined(separator: " ")
        default: value.encoded()
        }
    }
}
