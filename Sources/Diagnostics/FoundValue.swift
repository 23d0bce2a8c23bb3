/// A value of a settings file that has another type than expected, as messages name it.
package enum FoundValue: Decodable, CustomStringConvertible {
    case scalar(String)
    case list([FoundValue])
    case mapping([String: FoundValue])

    package init(from decoder: any Decoder) throws {
        if let values = try? [FoundValue](from: decoder) {
            self = .list(values)
        } else if let values = try? [String: FoundValue](from: decoder) {
            self = .mapping(values)
        } else {
            let value = try decoder.singleValueContainer()
            self = .scalar(
                (try? value.decode(String.self)) ?? (try? value.decode(Bool.self)).map { "\($0)" }
                    ?? (try? value.decode(Int.self)).map { "\($0)" }
                    ?? (try? value.decode(Double.self)).map { "\($0)" } ?? "nothing")
        }
    }

    /// The value at a path below this one; nil if there is none.
    subscript(path: ArraySlice<any CodingKey>) -> FoundValue? {
        guard let key = path.first else { return self }
        switch self {
        case .scalar: return nil
        case .list(let values):
            guard let index = key.intValue, values.indices.contains(index) else { return nil }
            return values[index][path.dropFirst()]
        case .mapping(let values): return values[key.stringValue]?[path.dropFirst()]
        }
    }

    package var description: String {
        switch self {
        case .scalar(let text): "'\(text)'"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
