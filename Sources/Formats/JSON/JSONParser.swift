import Diagnostics
package import Foundation

extension JSONValue {
    /// Parses JSON strictly (RFC 8259): no comments, no trailing commas, no duplicate keys.
    ///
    /// Failures name the location, usually the file's path, and the line.
    package init(parsing data: Data, at location: String) throws {
        self = try data.withUnsafeBytes { try JSONValue(parsing: $0, at: location) }
    }

    package init(parsing bytes: UnsafeRawBufferPointer, at location: String) throws {
        var parser = JSONParser(bytes: bytes, location: location)
        self = try parser.document()
    }
}

/// A recursive-descent parser.
private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let location: String
    var position = 0
    var depth = 0

    /// Bounds the recursion, so that deep nesting cannot overflow the stack.
    static let maximumDepth = 128

    init(bytes: UnsafeRawBufferPointer, location: String) {
        self.bytes = bytes
        self.location = location
    }

    mutating func document() throws -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw failure("found nothing, expected JSON") }
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw failure("found \(nextDescription) after the JSON value") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var nextDescription: String {
        guard let next else { return "the end of the text" }
        return (0x21...0x7e).contains(next) ? "'\(Character(UnicodeScalar(next)))'" : "byte \(next)"
    }

    private func failure(_ message: String, remedy: String? = nil) -> Failure {
        let line = 1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") }
        return .data(message, at: "\(location):\(line)", remedy: remedy)
    }

    private mutating func skipSpace() {
        while let next, next == 0x20 || next == 0x0a || next == 0x0d || next == 0x09 { position += 1 }
    }

    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func value() throws -> JSONValue {
        guard let next else {
            throw failure("the text ends where a value was expected", remedy: "the file may be truncated")
        }
        switch next {
        case UInt8(ascii: "{"): return try nested { try $0.object() }
        case UInt8(ascii: "["): return try nested { try $0.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            for (word, value) in [("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null)]
            where bytes[position...].starts(with: word.utf8) {
                position += word.utf8.count
                return value
            }
            throw failure("found \(nextDescription), expected a value")
        }
    }

    private mutating func nested(_ parse: (inout JSONParser) throws -> JSONValue) throws -> JSONValue {
        guard depth < Self.maximumDepth else {
            throw failure("values nest deeper than \(Self.maximumDepth)")
        }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try parse(&self)
    }

    private mutating func array() throws -> JSONValue {
        var elements: [JSONValue] = []
        skipSpace()
        if skip("]") { return .array([]) }
        while true {
            skipSpace()
            elements.append(try value())
            skipSpace()
            if skip("]") { return .array(elements) }
            guard skip(",") else { throw failure("found \(nextDescription), expected ',' or ']'") }
        }
    }

    private mutating func object() throws -> JSONValue {
        var members: [(String, JSONValue)] = []
        var keys: Set<ExactString> = []
        skipSpace()
        if skip("}") { return .object([]) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else {
                throw failure("found \(nextDescription), expected a key in quotes")
            }
            let key = try string()
            guard keys.insert(ExactString(string: key)).inserted else {
                throw failure("key '\(key)' appears twice")
            }
            skipSpace()
            guard skip(":") else {
                throw failure("found \(nextDescription), expected ':' after key '\(key)'")
            }
            skipSpace()
            members.append((key, try value()))
            skipSpace()
            if skip("}") { return .object(members) }
            guard skip(",") else { throw failure("found \(nextDescription), expected ',' or '}'") }
        }
    }
}

// MARK: Numbers and strings

extension JSONParser {
    private mutating func number() throws -> JSONValue {
        let start = position
        var isWhole = true
        _ = skip("-")
        if !skip("0") { try digits() }
        if skip(".") {
            isWhole = false
            try digits()
        }
        if skip("e") || skip("E") {
            isWhole = false
            if !skip("-") { _ = skip("+") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        if isWhole, let value = UInt64(text) { return .unsigned(value) }
        guard let value = Double(text), value.isFinite else {
            throw failure("number \(text) is out of range")
        }
        return .number(value)
    }

    private mutating func digits() throws {
        let start = position
        while let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { position += 1 }
        guard position > start else { throw failure("found \(nextDescription), expected a digit") }
    }

    private mutating func string() throws -> String {
        position += 1
        var text = ""
        while true {
            let start = position
            while let next, next != UInt8(ascii: "\""), next != UInt8(ascii: "\\"), next >= 0x20 {
                position += 1
            }
            guard let piece = String(validating: bytes[start..<position], as: UTF8.self) else {
                throw failure("a string is not valid UTF-8")
            }
            if text.isEmpty { text = piece } else { text += piece }
            if skip("\"") { return text }
            guard skip("\\") else {
                throw failure(
                    next == nil
                        ? "the text ends inside a string" : "found an unescaped control character in a string"
                )
            }
            text.unicodeScalars.append(try escaped())
        }
    }

    private mutating func escaped() throws -> Unicode.Scalar {
        guard let code = next else { throw failure("the text ends inside a string") }
        let simple: Unicode.Scalar? =
            switch code {
            case UInt8(ascii: "\""): "\""
            case UInt8(ascii: "\\"): "\\"
            case UInt8(ascii: "/"): "/"
            case UInt8(ascii: "b"): "\u{8}"
            case UInt8(ascii: "f"): "\u{c}"
            case UInt8(ascii: "n"): "\n"
            case UInt8(ascii: "r"): "\r"
            case UInt8(ascii: "t"): "\t"
            default: nil
            }
        if let simple {
            position += 1
            return simple
        }
        guard skip("u") else { throw failure("found \(nextDescription) after '\\', which is not an escape") }
        let unit = try hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // A surrogate is valid only as a high one followed by an escaped low one.
        guard unit < 0xdc00, skip("\\"), skip("u") else {
            throw failure("found half of a surrogate pair in a string")
        }
        let low = try hexadecimal()
        guard (0xdc00...0xdfff).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((UInt32(unit) - 0xd800) << 10) + (UInt32(low) - 0xdc00))
        else { throw failure("found half of a surrogate pair in a string") }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt16 {
        let end = position + 4
        guard end <= bytes.count,
            bytes[position..<end].allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
        else { throw failure("expected four hexadecimal digits after '\\u'") }
        position = end
        return unit
    }
}

/// A string compared byte by byte; `String` compares by Unicode equivalence.
private struct ExactString: Hashable {
    let string: String

    static func == (left: ExactString, right: ExactString) -> Bool {
        left.string.utf8.elementsEqual(right.string.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
