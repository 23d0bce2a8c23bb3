package import Diagnostics

extension JSONValue {
    /// Decodes a structure that ``init(encoding:)`` encoded.
    ///
    /// Unknown keys are ignored.
    ///
    /// Throws `failure` of a key path that is missing or has a value of the wrong type.
    package func decoded<T: Decodable>(
        as type: T.Type = T.self, orThrow failure: (_ key: String) -> Failure
    ) throws -> T {
        do {
            return try JSONValueDecoder(json: self, codingPath: []).decode(type)
        } catch DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context)
        {
            throw failure(keyPath(context.codingPath))
        } catch DecodingError.keyNotFound(let key, let context) {
            throw failure(keyPath(context.codingPath + [key]))
        }
    }

    /// Decodes the content of a file; the failure for an unusable key names the file.
    package func decoded<T: Decodable>(as type: T.Type = T.self, from path: String) throws -> T {
        try decoded {
            .data($0.isEmpty ? "expected other content" : "has no usable '\($0)'", at: path)
        }
    }
}

struct JSONValueDecoder: Decoder, SingleValueDecodingContainer {
    let json: JSONValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    private func mismatch(_ type: Any.Type) -> DecodingError {
        .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "found \(json.kind)"))
    }

    private func inner(_ json: JSONValue?, _ key: any CodingKey) throws -> JSONValueDecoder {
        guard let json else {
            throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "missing"))
        }
        return JSONValueDecoder(json: json, codingPath: codingPath + [key])
    }

    func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard json.object != nil else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(Members(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = json.array else { throw mismatch([Any].self) }
        return Elements(decoder: self, elements: elements)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { json.isNull }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let value: Any?
        switch type {
        case is Bool.Type: value = json.bool
        case is String.Type: value = json.string
        case is Double.Type: value = json.double
        case is Float.Type: value = json.double.map { Float($0) }
        case let type as any FixedWidthInteger.Type: value = Self.integer(json, type)
        default: return try T(from: self)
        }
        guard let value = value as? T else { throw mismatch(type) }
        return value
    }

    private static func integer<Number: FixedWidthInteger>(_ json: JSONValue, _ type: Number.Type) -> Number?
    {
        if case .unsigned(let value) = json { return Number(exactly: value) }
        return json.int.flatMap { Number(exactly: $0) }
    }

    struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let decoder: JSONValueDecoder
        var codingPath: [any CodingKey] { decoder.codingPath }
        var allKeys: [Key] { (decoder.json.object ?? []).compactMap { Key(stringValue: $0.0) } }

        private func member(_ key: any CodingKey) throws -> JSONValueDecoder {
            try decoder.inner(decoder.json[key.stringValue], key)
        }

        func contains(_ key: Key) -> Bool { decoder.json[key.stringValue] != nil }
        func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }
        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            try member(key).decode(type)
        }
        func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) throws
            -> KeyedDecodingContainer<Nested>
        { try member(key).container(keyedBy: type) }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try member(key).unkeyedContainer()
        }
        func superDecoder() throws -> any Decoder { try member(NameKey("super")) }
        func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
    }

    struct Elements: UnkeyedDecodingContainer {
        let decoder: JSONValueDecoder
        let elements: [JSONValue]
        private(set) var currentIndex = 0
        var codingPath: [any CodingKey] { decoder.codingPath }
        var count: Int? { elements.count }
        var isAtEnd: Bool { currentIndex == elements.count }

        init(decoder: JSONValueDecoder, elements: [JSONValue]) {
            self.decoder = decoder
            self.elements = elements
        }

        private mutating func next() throws -> JSONValueDecoder {
            let element = isAtEnd ? nil : elements[currentIndex]
            defer { currentIndex += 1 }
            return try decoder.inner(element, NameKey(index: currentIndex))
        }

        mutating func decodeNil() -> Bool {
            guard !isAtEnd, elements[currentIndex].isNull else { return false }
            currentIndex += 1
            return true
        }
        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decode(type) }
        mutating func nestedContainer<Nested>(keyedBy type: Nested.Type) throws
            -> KeyedDecodingContainer<Nested>
        { try next().container(keyedBy: type) }
        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            try next().unkeyedContainer()
        }
        mutating func superDecoder() throws -> any Decoder { try next() }
    }
}
