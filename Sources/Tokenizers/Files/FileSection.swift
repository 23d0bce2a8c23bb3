import Diagnostics
import Formats

/// An object in a JSON file, with its place for failures.
///
/// A key that is null counts as absent.
struct FileSection {
    /// The file, and the part of it where that helps to find the key.
    let place: String
    private let value: JSONValue
    /// The path before a key, such as `model.`.
    private let path: String

    init(_ value: JSONValue, at place: String, path: String = "") {
        self.value = value
        self.place = place
        self.path = path
    }

    subscript(key: String) -> JSONValue? {
        guard let found = value[key], !found.isNull else { return nil }
        return found
    }

    /// The object under a key; nil for another value.
    func section(_ key: String) -> FileSection? {
        self[key].flatMap { $0.object == nil ? nil : FileSection($0, at: place, path: "\(path)\(key).") }
    }

    func flag(_ key: String) throws -> Bool? { try read(key, "true or false", \.bool) }

    func text(_ key: String) throws -> String? { try read(key, "a text", \.string) }

    func whole(_ key: String) throws -> Int? { try read(key, "a whole number", \.int) }

    func list(_ key: String) throws -> [JSONValue] { try read(key, "a list", \.array) ?? [] }

    func members(_ key: String) throws -> [(String, JSONValue)] {
        try read(key, "an object", \.object) ?? []
    }

    private func read<Value>(_ key: String, _ expected: String, _ read: (JSONValue) -> Value?) throws
        -> Value?
    {
        guard let found = self[key] else { return nil }
        if let value = read(found) { return value }
        throw failure("found \(found.kind) for \(path)\(key), expected \(expected)")
    }

    /// A special token, given as a text or as an object with flags, that the section has for a key.
    func specialToken(_ value: JSONValue, of key: String) throws -> AddedToken {
        guard let content = value.string ?? value["content"]?.string, !content.isEmpty else {
            throw failure("found \(value.kind) for \(key), expected a token")
        }
        func flag(_ name: String) -> Bool { value[name]?.bool ?? false }
        return AddedToken(
            content: content, id: 0, isSingleWord: flag("single_word"), stripsLeft: flag("lstrip"),
            stripsRight: flag("rstrip"), isNormalized: flag("normalized"))
    }

    /// The whole object's members.
    var members: [(String, JSONValue)] { value.object ?? [] }

    func failure(_ message: String, remedy: String? = nil) -> Failure {
        .data(message, at: place, remedy: remedy)
    }
}

extension JSONValue {
    /// The kind of value, as failures name it.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .unsigned, .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
