extension JSONValue {
    /// The value on one line.
    ///
    /// Equal values give equal text on every machine.
    ///
    /// Numbers have the fewest digits that parse to the same `Double`. JSON has no non-finite numbers: they
    /// become the strings `"nan"`, `"inf"` and `"-inf"`.
    package func encoded() -> String {
        var text = ""
        append(to: &text, indentation: nil)
        return text
    }

    /// The value indented over several lines; arrays of scalars stay on one line.
    package func encodedForReading() -> String {
        var text = ""
        append(to: &text, indentation: 0)
        return text + "\n"
    }

    private func append(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += value.description
        case .unsigned(let value): text += value.description
        case .number(let value):
            if value.isFinite {
                text += value.description
            } else {
                text += value.isNaN ? "\"nan\"" : value < 0 ? "\"-inf\"" : "\"inf\""
            }
        case .string(let value): Self.append(quoted: value, to: &text)
        case .array(let elements):
            let deeper = elements.contains(where: \.isComposite) ? indentation.map { $0 + 1 } : nil
            Self.append(
                elements, between: "[", and: "]", to: &text, indentation: deeper, isSpaced: indentation != nil
            ) { $0.append(to: &$1, indentation: deeper) }
        case .object(let members):
            let deeper = indentation.map { $0 + 1 }
            Self.append(
                members, between: "{", and: "}", to: &text, indentation: deeper, isSpaced: indentation != nil
            ) { member, text in
                Self.append(quoted: member.0, to: &text)
                text += indentation == nil ? ":" : ": "
                member.1.append(to: &text, indentation: deeper)
            }
        }
    }

    private var isComposite: Bool {
        switch self {
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        default: false
        }
    }

    private static func append<Item>(
        _ items: [Item], between open: String, and close: String, to text: inout String, indentation: Int?,
        isSpaced: Bool, item: (Item, inout String) -> Void
    ) {
        text += open
        for (index, element) in items.enumerated() {
            if index > 0 { text += isSpaced && indentation == nil ? ", " : "," }
            if let indentation { text += "\n" + String(repeating: "  ", count: indentation) }
            item(element, &text)
        }
        if let indentation, !items.isEmpty { text += "\n" + String(repeating: "  ", count: indentation - 1) }
        text += close
    }

    private static func append(quoted value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
