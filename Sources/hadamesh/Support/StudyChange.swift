import Diagnostics
import Foundation
import Runs
import Studies
import Yams

/// A change of a study from the command line: `--set key.sub=value`.
struct StudyChange {
    /// Names of keys, and indices of lists.
    let key: [String]
    let value: Node
    /// The change as the command line has it.
    private let argument: String

    /// The place that failures about the change name.
    var place: String { Self.option + key.joined(separator: ".") }

    /// The option with its value, as a shell takes it.
    var words: String { Self.option + argument.shellWord }

    /// The beginning of such a place.
    static let option = "--set "

    init(_ argument: String) throws {
        let example = "such as --set batch.microBatch=4"
        guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else {
            throw Failure.usage("expected key=value, found '\(argument)'", at: "--set", remedy: example)
        }
        key = Self.names(String(argument[..<sign]))
        guard key.allSatisfy({ !$0.isEmpty }) else {
            throw Failure.usage("'\(argument[..<sign])' is not a key", at: "--set", remedy: example)
        }
        self.argument = argument
        let text = String(argument[argument.index(after: sign)...])
        // An empty value is an empty string.
        value = try YAMLText.compose(text, at: "--set \(argument[..<sign])", hasLines: false) ?? Node("")
    }

    private init(_ key: [String], _ value: Node, _ argument: String = "") {
        (self.key, self.value, self.argument) = (key, value, argument)
    }

    /// The names of a key; a dot after a backslash belongs to a name.
    private static func names(_ key: String) -> [String] {
        let escaped = key.components(separatedBy: "\\.")
        var names: [String] = []
        for (index, part) in escaped.enumerated() {
            let own = part.components(separatedBy: ".")
            if index > 0, let last = names.popLast() {
                names += ["\(last).\(own[0])"] + own.dropFirst()
            } else {
                names += own
            }
        }
        return names
    }

    /// The change of the tree below a name that the key begins with; nil if it begins otherwise.
    func below(_ name: String) -> StudyChange? {
        key.first == name && key.count > 1 ? StudyChange(Array(key.dropFirst()), value, argument) : nil
    }

    /// A copy of a study's tree with another value at a place.
    static func setting(_ value: Node, at place: [String], in root: Node) throws -> Node {
        try StudyChange(place, value).applied(to: root)
    }

    /// A copy of the study's tree with the change.
    func applied(to root: Node) throws -> Node { try set(key[...], in: root) }

    private func set(_ path: ArraySlice<String>, in node: Node) throws -> Node {
        guard let name = path.first else { return value }
        switch node {
        case .mapping(var mapping):
            let existing = mapping.first { $0.key.string == name }
            mapping[existing?.key ?? Node(name)] = try set(
                path.dropFirst(), in: existing?.value ?? Node([:]))
            return .mapping(mapping)
        case .sequence(var list):
            guard let index = Int(name), list.indices.contains(index) else {
                throw failure(
                    path, "is a list", remedy: "its elements are 0 to \(list.count - 1)")
            }
            list[index] = try set(path.dropFirst(), in: list[index])
            return .sequence(list)
        case .scalar where node.null != nil: return try set(path, in: Node([:]))
        case .scalar(let scalar):
            // A method's name alone is short for a section with it.
            guard let section = MethodSection.at(key.dropLast(path.count)), section.hasShortForm else {
                throw failure(path, "is '\(scalar.string)'")
            }
            return try set(path, in: Node([(Node(section.nameKey), node)]))
        case .alias: throw failure(path, "is an alias")
        }
    }

    private func failure(_ rest: ArraySlice<String>, _ found: String, remedy: String? = nil) -> Failure {
        let above = key.dropLast(rest.count).joined(separator: ".")
        return .usage(
            "'\(above)' \(found); it has no key '\(rest.first ?? "")'", at: place, remedy: remedy)
    }
}

extension StudyChange {
    /// If the change names another method in a section, removes the settings that only the former method
    /// takes and the keys that the new one refuses, except those of other changes.
    ///
    /// - Returns: a note of the removed settings; nil if there are none
    func removeFormerSettings(from root: inout Node, was: Node, besides changes: [StudyChange]) throws
        -> String?
    {
        let place = Array(key.dropLast())
        guard let section = MethodSection.at(place), key.last == section.nameKey,
            let before = was[path: place],
            let old = (before.mapping == nil ? before : before[section.nameKey])?.string,
            let new = value.string, let former = section.table.method(named: old),
            let method = section.table.method(named: new), former != method,
            let settings = root[path: place]?.mapping
        else { return nil }
        let refused = method.refusedKeys.filter { !former.refusedKeys.contains($0) }
        let removed = try (former.settings.map(\.key) + refused).filter { name in
            guard let value = settings[name],
                !changes.contains(where: { $0.key.starts(with: place + [name]) })
            else { return false }
            let held = try YAMLDecoder().decode(HeldDecoder.self, from: Node([(Node(name), value)]))
            return !method.takes(name, in: held.decoder)
        }
        if removed.isEmpty { return nil }
        let kept = Node(settings.filter { !removed.contains($0.key.string ?? "") }.map { ($0.key, $0.value) })
        root = try Self.setting(kept, at: place, in: root)
        let names = removed.map { (place + [$0]).joined(separator: ".") }.joined(separator: ", ")
        return "\(self.place)=\(new): dropped \(names), which \(old) has and \(new) does not take"
    }

    /// A decoder for values whose types are known at run time alone.
    private struct HeldDecoder: Decodable {
        let decoder: any Decoder
        init(from decoder: any Decoder) { self.decoder = decoder }
    }
}
