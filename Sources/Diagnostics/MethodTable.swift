/// The methods among which a section of settings chooses by name.
package struct MethodTable: Sendable {
    /// The kind of its methods, as messages name it: `rule`.
    package let kind: String
    package let methods: [any PublishedMethod.Type]

    package init(_ kind: String, _ methods: [any PublishedMethod.Type]) {
        (self.kind, self.methods) = (kind, methods)
    }

    package var names: [String] { methods.map { $0.name } }

    package func method(named name: String) -> (any PublishedMethod.Type)? {
        methods.first { $0.name == name }
    }

    /// A failure for a name that the table does not have, which a decoder found at a path.
    package func unknown(_ name: String, _ decoder: any Decoder, at path: [any CodingKey]) -> Failure {
        .usage(
            "unknown \(kind) '\(name)'", at: keyPath(path),
            remedy: decoder.remedy(forValue: name, allowed: names))
    }

    /// The keys that other methods than this one have, with a message for each that names them.
    func keysOfOthers(than name: String) -> [String: String] {
        var owners: [String: [String]] = [:]
        for method in methods where method.name != name {
            for setting in method.settings { owners[setting.key, default: []].append(method.name) }
        }
        return owners.reduce(into: [:]) { messages, entry in
            let (key, methods) = entry
            let list = (methods.dropLast(2) + [methods.suffix(2).joined(separator: " and ")])
                .joined(separator: ", ")
            messages[key] =
                "'\(key)' is a key of \(methods.count > 4 ? "other \(kind)s" : list), not of \(name)"
        }
    }
}
