import Formats

extension JSONSection {
    /// The object under a key that must be there.
    func requiredSection(_ key: String) throws -> JSONSection {
        JSONSection(.object(try required(key, "an object", \.object)), at: place)
    }

    /// Refuses a key with a value that has no counterpart here; an absent key is accepted.
    func require(_ key: String, _ values: JSONValue..., remedy: String? = nil) throws {
        guard let found = self[key], !values.contains(found) else { return }
        let expected = values.isEmpty ? "" : "; expected \(values[0].encoded())"
        throw failure(
            "'\(key)' is \(found.encoded()), which has no counterpart here\(expected)", remedy: remedy)
    }
}

/// The text of `layers` in a study; `all` for no layers, since nothing then depends on them.
func layerText(_ layers: some Sequence<Int>, of count: Int) -> String {
    let sorted = Set(layers).sorted()
    return sorted.isEmpty || sorted == Array(0..<count)
        ? "all" : sorted.map { "\($0)" }.joined(separator: ",")
}
