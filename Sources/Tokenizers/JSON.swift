import Diagnostics

/// A JSON value whose objects keep every key, in the order of the file.
///
/// Foundation's readers give objects as Swift dictionaries, whose keys are equal when canonically
/// equivalent: a vocabulary with a composed and a decomposed form of one letter would lose a token.
indirect enum JSON: Sendable {
    case null
    case bool(Bool)
    /// The number as it is written.
    case number(String)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    /// The value of an object's key, nil where there is none or it is null.
    subscript(key: String) -> JSON? {
        guard case .object(let members) = self,
            let found = members.first(where: { $0.key.utf8.elementsEqual(key.utf8) })?.value
        else { return nil }
        if case .null = found { return nil }
        return found
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var bool: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    var integer: Int? {
        if case .number(let digits) = self { Int(digits) } else { nil }
    }

    var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    var object: [(key: String, value: JSON)]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// What kind of value it is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

/// Reads JSON text strictly: no duplicate keys, no lone surrogates, nothing after the value.
struct JSONReader {
    private let bytes: [UInt8]
    private let place: String
    private var position = 0
    private var depth = 0

    /// Reads the one value of a file whose bytes are valid UTF-8; `place` is the file's name.
    static func read(_ bytes: [UInt8], place: String) throws -> JSON {
        var reader = JSONReader(bytes: bytes, place: place)
        let value = try reader.value()
        guard reader.next() == nil else { throw reader.failure("found more text after the value") }
        return value
    }

    private init(bytes: [UInt8], place: String) {
        self.bytes = bytes
        self.place = place
    }

    /// The next byte that is not white space, which stays unread.
    private mutating func next() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    private mutating func value() throws -> JSON {
        switch next() {
        case UInt8(ascii: "{"): return try nested { try $0.object() }
        case UInt8(ascii: "["): return try nested { try $0.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    /// Files of a tokenizer nest a few levels; the bound keeps hostile ones from exhausting the stack.
    private mutating func nested(_ read: (inout JSONReader) throws -> JSON) throws -> JSON {
        guard depth < 64 else { throw failure("found values nested deeper than 64 levels") }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try read(&self)
    }

    private mutating func object() throws -> JSON {
        var members: [(key: String, value: JSON)] = []
        var seen: Set<[UInt8]> = []
        if next() == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            guard next() == UInt8(ascii: "\"") else { throw failure("expected a key") }
            let key = try string()
            guard seen.insert(Array(key.utf8)).inserted else {
                throw failure("the key '\(key)' is there twice")
            }
            guard next() == UInt8(ascii: ":") else { throw failure("expected ':' after the key '\(key)'") }
            position += 1
            members.append((key, try value()))
            if try ends(with: "}") { return .object(members) }
        }
    }

    private mutating func array() throws -> JSON {
        var elements: [JSON] = []
        if next() == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            if try ends(with: "]") { return .array(elements) }
        }
    }

    /// Reads a comma, or the end of the list.
    private mutating func ends(with close: Unicode.Scalar) throws -> Bool {
        let found = next()
        guard found == UInt8(ascii: ",") || found == UInt8(ascii: close) else {
            throw failure("expected ',' or '\(close)'")
        }
        position += 1
        return found == UInt8(ascii: close)
    }

    private mutating func word(_ text: String, _ value: JSON) throws -> JSON {
        guard bytes[position...].starts(with: text.utf8) else { throw failure("expected a value") }
        position += text.utf8.count
        return value
    }

    private mutating func number() throws -> JSON {
        let digits = bytes[position...].prefix { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
        let text = String(decoding: digits, as: UTF8.self)
        guard Double(text) != nil else { throw failure("expected a value") }
        position += digits.count
        return .number(text)
    }

    private mutating func string() throws -> String {
        position += 1
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw failure("found a control character in a text")
            default: text.append(byte)
            }
        }
        throw failure("found the end of the file inside a text")
    }

    private mutating func escape(into text: inout [UInt8]) throws {
        guard position < bytes.count else { throw failure("found the end of the file inside a text") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if code >> 10 == 0x36, bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
                position += 2
                let low = try hexadecimal()
                guard low >> 10 == 0x37 else { throw failure("found half of a surrogate pair") }
                code = 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF))
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("found half of a surrogate pair") }
            text.append(contentsOf: String(scalar).utf8)
        default: throw failure("found an unknown escape in a text")
        }
    }

    private mutating func hexadecimal() throws -> UInt32 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("expected four hexadecimal digits after \\u") }
        position += 4
        return code
    }

    private func failure(_ what: String) -> Failure {
        let line = 1 + bytes.prefix(position).count { $0 == 0x0A }
        return .data("not valid JSON: \(what)", at: "\(place):\(line) (byte \(position))")
    }
}
