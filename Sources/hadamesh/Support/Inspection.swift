import Formats
import Foundation

/// The description of a file or folder: facts, and tables of its parts.
struct Inspection {
    struct Table {
        let name: String
        let headings: [String]
        let rows: [[JSONValue]]
        /// Significant digits of numbers in text; JSON has all.
        let digits: Int

        fileprivate var texts: [[String]] {
            [headings] + rows.map { $0.map { Inspection.text($0, digits: digits) } }
        }
    }

    private var facts: [(String, JSONValue)]
    private var tables: [Table] = []

    init(_ kind: String) { facts = [("kind", .string(kind))] }

    /// Adds a fact, unless its value is nil.
    mutating func add(_ name: String, _ value: JSONValue?) {
        if let value, !value.isNull { facts.append((name, value)) }
    }

    mutating func add(_ name: String, _ value: Int?) { add(name, value.map { .integer($0) }) }

    /// Adds a table, unless it has no rows.
    mutating func add(_ name: String, _ headings: [String], _ rows: [[JSONValue]], digits: Int = 6) {
        if !rows.isEmpty {
            tables.append(Table(name: name, headings: headings, rows: rows, digits: digits))
        }
    }

    func report(_ format: TableFormat) throws -> String {
        let values = tables.map { table in
            (table.name, JSONValue.array(table.rows.map { .object(Array(zip(table.headings, $0))) }))
        }
        let texts = [facts.map { [$0.0, Self.text($0.1)] }] + tables.map(\.texts)
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
