import Diagnostics

extension JSONValue {
    /// Encodes a value, with keys in the order in which its type encodes them.
    package init(encoding value: any Encodable) throws {
        let slot = Slot()
        try slot.encode(value, [])
        self = slot.json
    }

    /// The value with sorted keys and whole numbers as integers, so that equal settings give equal text.
    package var canonical: JSONValue {
        switch self {
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let members): .object(members.map { ($0, $1.canonical) }.sorted { $0.0 < $1.0 })
        case .number(let value): Int(exactly: value).map { .integer($0) } ?? self
        default: self
        }
    }
}

extension JSONValue: Codable {
    /// Works only inside ``decoded(as:orThrow:)``.
    package init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? JSONValueDecoder else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "no JSON"))
        }
        self = decoder.json
    }

    /// Works only inside ``init(encoding:)``.
    package func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? JSONValueEncoder else {
            throw EncodingError.invalidValue(
                self, .init(codingPath: encoder.codingPath, debugDescription: "no JSON"))
        }
        encoder.slot.value = self
    }
}

/// A node of the JSON value under construction.
private final class Slot {
    var value = JSONValue.null
    private var members: [(key: String, slot: Slot)]?
    private var elements: [Slot]?

    var json: JSONValue {
        if let members { return .object(members.map { ($0.key, $0.slot.json) }) }
        return elements.map { .array($0.map(\.json)) } ?? value
    }

    var count: Int { elements?.count ?? 0 }

    func becomeObject() { members = members ?? [] }
    func becomeArray() { elements = elements ?? [] }

    func member(_ key: any CodingKey) -> Slot {
        let slot = Slot()
        members?.append((key.stringValue, slot))
        return slot
    }

    func element() -> Slot {
        let slot = Slot()
        elements?.append(slot)
        return slot
    }

    func encode<T: Encodable>(_ value: T, _ path: [any CodingKey]) throws {
        switch value {
        case let value as Bool: self.value = .bool(value)
        case let value as String: self.value = .string(value)
        case let value as Double: self.value = .number(value)
        case let value as Float: self.value = JSONValue(value)
        case let value as any FixedWidthInteger:
            self.value =
                Int(exactly: value).map { .integer($0) } ?? .unsigned(UInt64(truncatingIfNeeded: value))
        default: try value.encode(to: JSONValueEncoder(slot: self, codingPath: path))
        }
    }
}

private struct JSONValueEncoder: Encoder, SingleValueEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        slot.becomeObject()
        return KeyedEncodingContainer(Members(slot: slot, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        slot.becomeArray()
        return Elements(slot: slot, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { slot.value = .null }
    func encode<T: Encodable>(_ value: T) throws { try slot.encode(value, codingPath) }

    struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let slot: Slot
        let codingPath: [any CodingKey]

        private func encoder(_ key: any CodingKey) -> JSONValueEncoder {
            JSONValueEncoder(slot: slot.member(key), codingPath: codingPath + [key])
        }

        func encodeNil(forKey key: Key) { _ = slot.member(key) }
        func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try encoder(key).encode(value) }
        func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key)
            -> KeyedEncodingContainer<Nested>
        { encoder(key).container(keyedBy: type) }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            encoder(key).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { encoder(NameKey("super")) }
        func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
    }

    struct Elements: UnkeyedEncodingContainer {
        let slot: Slot
        let codingPath: [any CodingKey]
        var count: Int { slot.count }

        private func encoder() -> JSONValueEncoder {
            let key = NameKey(index: count)
            return JSONValueEncoder(slot: slot.element(), codingPath: codingPath + [key])
        }

        func encodeNil() { _ = slot.element() }
        func encode<T: Encodable>(_ value: T) throws { try encoder().encode(value) }
        func nestedContainer<Nested>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
            encoder().container(keyedBy: type)
        }
        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
        func superEncoder() -> any Encoder { encoder() }
    }
}
