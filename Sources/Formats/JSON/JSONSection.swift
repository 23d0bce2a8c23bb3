package import Diagnostics

/// An object in a JSON file, with its place for failures.
package struct JSONSection: Sendable {
    package let object: JSONValue
    /// The file, and the part of it where that helps to find a key.
    package let place: String
    /// The path before a key, such as `model.`.
    package let path: String

    package init(_ object: JSONValue, at place: String, path: String = "") {
        self.object = object
        self.place = place
        self.path = path
    }

    /// The value of a key; nil if it is absent or null.
    package subscript(key: String) -> JSONValue? {
        guard let found = object[key], !found.isNull else { return nil }
        return found
    }

    package var members: [(String, JSONValue)] { object.object ?? [] }

    /// The object under a key; nil for another value.
    package func section(_ key: String) -> JSONSection? {
        object[key].flatMap {
            $0.object == nil ? nil : JSONSection($0, at: place, path: "\(path)\(key).")
        }
    }

    /// The value of a key that must be there.
    package func required<Value>(
        _ key: String, _ expected: String, remedy: String? = nil, _ read: (JSONValue) -> Value?
    ) throws -> Value {
        guard let found = object[key] else { throw failure("'\(path)\(key)' is missing") }
        if let value = read(found) { return value }
        throw failure("'\(path)\(key)' is \(found.encoded()), expected \(expected)", remedy: remedy)
    }

    /// The value of a key; nil if it is absent or null.
    package func optional<Value>(
        _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws -> Value? {
        try self[key].map { _ in try required(key, expected, read) }
    }

    package func failure(_ message: String, remedy: String? = nil) -> Failure {
        .data(message, at: place, remedy: remedy)
    }
}
