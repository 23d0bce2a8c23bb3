/// A mapping of a settings file, read strictly: unknown keys are errors.
///
/// A settings type declares its keys once, as `CodingKeys: String, CodingKey, CaseIterable`, and reads their
/// values in `init(from:)`:
///
///     let section = try SettingsSection<CodingKeys>(decoder)
///     rank = try section.value(.rank, default: 8)
///
/// Failures have key paths (`sampler.name`); the caller that reads the file adds its name and line.
package struct SettingsSection<Key: CodingKey> {
    private let container: KeyedDecodingContainer<Key>
    private let path: [any CodingKey]

    /// Opens the decoder's mapping; throws one failure for all keys that are neither in `keys` nor in `also`.
    ///
    /// `renamed` maps former keys to their present names, which the failures for former keys suggest;
    /// `misplaced` has a message for each key that belongs elsewhere.
    package init(
        _ decoder: any Decoder, keys: [Key], also: [String] = [], renamed: [String: String] = [:],
        misplaced: @autoclosure () -> [String: String] = [:]
    ) throws {
        let path = decoder.codingPath
        self.path = path
        let names = keys.map(\.stringValue)
        let found: KeyedDecodingContainer<NameKey>
        do {
            found = try decoder.container(keyedBy: NameKey.self)
        } catch {
            throw Failure.usage(
                "expected a mapping with keys among \(names.sorted().joined(separator: ", "))"
                    + ((try? FoundValue(from: decoder)).map { ", found \($0)" } ?? ""),
                at: keyPath(path))
        }
        let known = names + also
        let wrong = found.allKeys.map(\.stringValue).sorted().filter { !known.contains($0) }
        let messages = wrong.isEmpty ? [:] : misplaced()
        let failures = wrong.map { key in
            let place = keyPath(path + [NameKey(key)])
            if let message = messages[key] {
                return Failure.usage(
                    message, at: place, remedy: "allowed: \(known.sorted().joined(separator: ", "))")
            }
            return Failure(
                .usage, at: place, "unknown key '\(key)'",
                remedy: renamed[key].map { "it is now called '\($0)'" }
                    ?? decoder.foreignNames?.remedy(forKey: key, in: keyPath(path), known: known)
                    ?? didYouMean(key, among: known), key: key)
        }
        if let first = failures.first { throw first.with(others: Array(failures.dropFirst())) }
        container = try decoder.container(keyedBy: Key.self)
    }

    /// Whether the key is present and not null.
    package func has(_ key: Key) -> Bool {
        container.contains(key) && (try? container.decodeNil(forKey: key)) != true
    }

    /// The value, or the default if the key is absent.
    package func value<T: Decodable>(_ key: Key, default fallback: @autoclosure () -> T) throws -> T {
        try has(key) ? decode(key) : fallback()
    }

    /// The value, or nil if the key is absent.
    package func optional<T: Decodable>(_ key: Key, _ type: T.Type = T.self) throws -> T? {
        guard has(key) else { return nil }
        let value: T = try decode(key)
        return value
    }

    /// The value; throws if the key is absent.
    package func required<T: Decodable>(_ key: Key, _ type: T.Type = T.self, remedy: String? = nil) throws
        -> T
    {
        guard has(key) else { throw missing(key, remedy: remedy) }
        return try decode(key)
    }

    /// The failure for an absent key.
    package func missing(_ key: Key, remedy: String? = nil) -> Failure {
        Self.missing(key, below: path, remedy: remedy)
    }

    /// A failure about the key's value, or about an element of it.
    package func failure(
        _ key: Key, element: Int? = nil, _ message: String, remedy: String? = nil
    ) -> Failure {
        .usage(message, at: location(of: key) + (element.map { "[\($0)]" } ?? ""), remedy: remedy)
    }

    /// Throws a failure about the key's value unless the condition holds.
    package func require(_ condition: Bool, _ key: Key, _ message: @autoclosure () -> String) throws {
        if !condition { throw failure(key, message()) }
    }

    private static func missing(
        _ key: any CodingKey, below path: [any CodingKey], remedy: String? = nil
    ) -> Failure {
        let name = key.stringValue
        return Failure(
            .usage, at: keyPath(path + [key]), "missing key '\(name)'", remedy: remedy, key: name)
    }

    private func location(of key: Key) -> String { keyPath(path + [key]) }

    private func decode<T: Decodable>(_ key: Key) throws -> T {
        do {
            let value = try container.decode(T.self, forKey: key)
            // YAML has .inf and .nan, and users may try them for "off", but JSON cannot represent them.
            if let bad = numbers(in: value).first(where: { !$0.isFinite }) {
                throw failure(key, "is \(bad), expected a finite number")
            }
            return value
        } catch let failure as Failure {
            throw failure
        } catch let DecodingError.dataCorrupted(context) where !context.debugDescription.isEmpty {
            throw failure(key, context.debugDescription)
        } catch let DecodingError.keyNotFound(missing, context) {
            throw Self.missing(missing, below: context.codingPath)
        } catch let DecodingError.typeMismatch(type, context) {
            // Below the key, it is an element of a list or a value of a mapping that has another type.
            let below = context.codingPath.dropFirst(path.count + 1)
            let found = try? container.decode(FoundValue.self, forKey: key)[below]
            let expected: Any.Type = below.isEmpty ? T.self : type
            throw Failure.usage(
                "expected \(readableName(of: expected))" + (found.map { ", found \($0)" } ?? ""),
                at: keyPath(path + [key] + below), reason: expected is any ListType.Type ? .notAList : nil)
        } catch {
            throw failure(key, "expected \(readableName(of: T.self))")
        }
    }
}

extension SettingsSection where Key: CaseIterable {
    /// Opens the decoder's mapping; throws for keys that are neither `Key`s nor in `also`.
    package init(_ decoder: any Decoder, also: [String] = [], renamed: [String: String] = [:]) throws {
        try self.init(decoder, keys: Array(Key.allCases), also: also, renamed: renamed)
    }

    /// Opens a mapping that also has the keys of one of a table's methods, which a key names.
    package init(
        _ decoder: any Decoder, of table: MethodTable, namedBy key: Key, default standard: String
    ) throws {
        let names = try? decoder.container(keyedBy: Key.self)
        let name = (try? names?.decode(String.self, forKey: key)) ?? standard
        guard let method = table.method(named: name) else {
            throw table.unknown(name, decoder, at: decoder.codingPath + [key])
        }
        try self.init(
            decoder, keys: Array(Key.allCases), also: method.settings.map(\.key),
            misplaced: table.keysOfOthers(than: name))
    }
}

/// The path of a value in a settings file: `a.b[2].c`.
package func keyPath(_ path: [any CodingKey]) -> String {
    path.reduce("") { text, key in
        if let index = key.intValue { return "\(text)[\(index)]" }
        return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
    }
}

/// The floating-point numbers in a number, array or dictionary.
private func numbers(in value: Any) -> [Double] {
    switch value {
    case let number as Double: [number]
    case let number as Float: [Double(number)]
    case let list as [Double]: list
    case let table as [String: Double]: Array(table.values)
    default: []
    }
}

private func readableName(of type: Any.Type) -> String {
    switch type {
    case is UInt64.Type: "a whole number from 0 below 2^64"
    case is Int.Type: "a whole number"
    case is Double.Type, is Float.Type: "a number"
    case is Bool.Type: "true or false"
    case is String.Type: "a string"
    case is [String].Type: "a list of strings"
    case is [Int].Type: "a list of whole numbers"
    // Types of this program and of the decoder mean nothing to users.
    case is any DictionaryType.Type: "a mapping"
    case is any ListType.Type: "a list"
    default: "another kind of value"
    }
}

private protocol DictionaryType {}
extension Dictionary: DictionaryType {}

private protocol ListType {}
extension Array: ListType {}
