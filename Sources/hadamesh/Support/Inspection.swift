import Formats
import Foundation

/// The description of a file or folder: facts, and tables of its parts.
struct Inspection {
    struct Table {
        let name: String
        let headings: [String]
        let rows: [[JSONValue]]

        fileprivate var texts: [[String]] { [headings] + rows.map { $0.map(Inspection.text) } }
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
    mutating func add(_ name: String, _ headings: [String], _ rows: [[JSONValue]]) {
        if !rows.isEmpty { tables.append(Table(name: name, headings: headings, rows: rows)) }
    }

    func report(_ format: TableFormat) -> String {
        let texts = [facts.map { [$0.0, Self.text($0.1)] }] + tables.map(\.texts)
        switch format {
        case .text:
            return texts.map { TextTable($0).folded(within: TextOutput.width()) }.joined(separator: "\n\n")
        case .markdown: return texts.map { TextTable($0).markdown }.joined(separator: "\n\n")
        case .csv: return texts.map { TextTable($0).csv }.joined(separator: "\n\n")
        case .latex: return texts.map { TextTable($0).latex }.joined(separator: "\n\n")
        case .json:
            let parts = tables.map { table in
                (
                    table.name,
                    JSONValue.array(table.rows.map { .object(Array(zip(table.headings, $0))) })
                )
            }
            return String(JSONValue.object(facts + parts).encodedForReading().dropLast())
        }
    }

    /// A value as text; a number that is no integer with six significant digits.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "–"
        case .number(let number): String(format: "%.6g", number)
        case .string(let text): text
        case .array(let values): values.map(text).joined(separator: ", ")
        case .object(let members): members.map { "\($0)=\(text($1))" }.joined(separator: " ")
        default: value.encoded()
        }
    }
}
