import Diagnostics
import Formats
import Foundation

/// A method as `hadamesh methods` and `hadamesh rules` explain it: one line, facts, and its settings.
struct MethodDescription {
    private let method: any PublishedMethod.Type
    /// Names and values.
    private let facts: [[String]]

    init(_ method: any PublishedMethod.Type, facts: [[String]] = []) {
        (self.method, self.facts) = (method, facts)
    }

    /// The description in the terminal's width.
    func text() throws -> String {
        let defaults = try JSONValue(encoding: method.init()).canonical
        let rows = method.settings.map { setting in
            [
                setting.key,
                setting.example == nil ? defaults[setting.key].map(Self.text) ?? "none" : "must be given",
                setting.allowed, setting.meaning,
            ]
        }
        var tables = [[[method.summary]], [["source", method.source]] + facts]
        if !rows.isEmpty { tables.append([["setting", "default", "allowed", "meaning"]] + rows) }
        let lines = tables.flatMap {
            TextTable($0).folded(within: TextOutput.width() - 2).split(separator: "\n").map { "  \($0)" }
        }
        return ([method.name] + lines).joined(separator: "\n")
    }

    /// A value as a study has it.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
        case .object(let members) where members.isEmpty: "none"
        case .object(let members): "{ \(members.map { "\($0): \(text($1))" }.joined(separator: ", ")) }"
        default: value.encoded()
        }
    }
}
