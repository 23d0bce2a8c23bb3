import Formats

extension JSONSection {
    func flag(_ key: String) throws -> Bool? { try read(key, "true or false", \.bool) }

    func text(_ key: String) throws -> String? { try read(key, "a string", \.string) }

    func whole(_ key: String) throws -> Int? { try read(key, "a whole number", \.int) }

    func list(_ key: String) throws -> [JSONValue] { try read(key, "a list", \.array) ?? [] }

    func members(_ key: String) throws -> [(String, JSONValue)] {
        try read(key, "an object", \.object) ?? []
    }

    /// The value of a key; a failure names its kind, since a vocabulary is long.
    private func read<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws -> Value? {
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
}
