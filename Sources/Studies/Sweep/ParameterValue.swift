import Diagnostics

/// A value of a study's key, as the YAML text that `--set key=text` takes.
package struct ParameterValue: Decodable, Sendable, Equatable {
    package let text: String

    package init(text: String) { self.text = text }

    /// A string, in quotes unless it is plain.
    package init(scalar: String) { text = Self.quoted(scalar) }

    /// A number, with the fewest digits that give it back.
    init(_ number: Double) {
        text = Int(exactly: number).map { "\($0)" } ?? "\(number)".replacing("e-0", with: "e-")
    }

    /// Reads a scalar, a list or a mapping; whole sections are written in flow style.
    package init(from decoder: any Decoder) throws {
        let isNull = (try? decoder.singleValueContainer())?.decodeNil() == true
        text = isNull ? "null" : Self.text(of: try FoundValue(from: decoder))
    }

    private static func text(of value: FoundValue) -> String {
        switch value {
        case .scalar(let scalar): return quoted(scalar)
        case .list(let elements): return "[\(elements.map(text).joined(separator: ", "))]"
        case .mapping(let members):
            let sorted = members.sorted { $0.key < $1.key }
            return "{\(sorted.map { "\(quoted($0.key)): \(text(of: $0.value))" }.joined(separator: ", "))}"
        }
    }

    /// The scalar itself if it is plain, otherwise in quotes.
    private static func quoted(_ scalar: String) -> String {
        let isPlain =
            !scalar.isEmpty
            && scalar.allSatisfy { $0.isLetter || $0.isNumber || "_./+-".contains($0) }
            && !scalar.hasPrefix("-")
        let isNumber = Double(scalar) != nil
        if isPlain || isNumber { return scalar }
        return "\"\(scalar.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
