import Diagnostics
import Formats

/// The settings of another software's JSON file.
struct ForeignSettings {
    private let object: JSONValue
    private let path: String

    init(_ object: JSONValue, at path: String) {
        self.object = object
        self.path = path
    }

    subscript(_ key: String) -> JSONValue? { object[key] }

    /// The value of a key that must be there.
    func required<T>(_ key: String, _ expected: String, _ read: (JSONValue) -> T?) throws -> T {
        guard let value = object[key] else { throw Failure.data("'\(key)' is missing", at: path) }
        guard let found = read(value) else {
            throw Failure.data("'\(key)' is \(value.encoded()), expected \(expected)", at: path)
        }
        return found
    }

    /// The settings in an object that must be there.
    func settings(_ key: String) throws -> ForeignSettings {
        ForeignSettings(try required(key, "an object") { $0.object.map { .object($0) } }, at: path)
    }

    /// Refuses a key with a value that has no counterpart here; an absent key is accepted.
    func require(_ key: String, _ values: JSONValue..., remedy: String? = nil) throws {
        guard let found = object[key], !found.isNull, !values.contains(found) else { return }
        let expected = values.isEmpty ? "" : "; expected \(values[0].encoded())"
        throw Failure.data(
            "'\(key)' is \(found.encoded()), which has no counterpart here\(expected)", at: path,
            remedy: remedy)
    }
}

/// The text of `layers` in a study; `all` for no layers, since nothing then depends on them.
func layerText(_ layers: some Sequence<Int>, of count: Int) -> String {
    let sorted = Set(layers).sorted()
    return sorted.isEmpty || sorted == Array(0..<count)
        ? "all" : sorted.map { "\($0)" }.joined(separator: ",")
}
