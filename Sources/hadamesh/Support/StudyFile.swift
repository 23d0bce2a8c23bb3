import Coordination
import Diagnostics
import Foundation
import Runs
import Studies
import Yams

/// A study file with changes from the command line, decoded strictly; failures name file and line.
struct StudyFile {
    private let path: String
    private let root: Node
    private let overrides: [(key: [String], text: String)]

    /// Reads a file and applies changes of the form `key.sub=value`.
    init(path: String, overrides: [String] = []) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.usage("no readable study file", at: path)
        }
        try self.init(data, path: path, overrides: overrides)
    }

    /// Parses the content of a file and applies changes.
    init(_ data: Data, path: String, overrides: [String]) throws {
        self.path = path
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure.usage("is not UTF-8 text", at: path)
        }
        self.overrides = try overrides.map(Self.parse)
        var root = try Self.compose(text, at: path)
        for change in self.overrides {
            root = try Self.set(
                change.key[...], to: try Self.compose(change.text, at: "--set"), in: root, change.key)
        }
        self.root = root
    }

    /// The study; a failure names the line of its key, or the change that set it.
    func study() throws -> Study {
        do {
            return try YAMLDecoder().decode(Study.self, from: root)
        } catch let failure as Failure {
            throw located(failure)
        } catch let error as DecodingError {
            if case .dataCorrupted(let context) = error, let failure = context.underlyingError as? Failure {
                throw located(failure)
            }
            throw Failure.usage("cannot be read: \(error)", at: path)
        }
    }

    /// The study in a run directory; `backbone` and `data` replace its paths.
    static func study(ofRun run: String, backbone: String?, data: String?) throws -> Study {
        let file = RunDirectory(path: run).studyFile
        guard FileManager.default.fileExists(atPath: file) else {
            throw Failure.usage("no study.yaml: this is not a run directory", at: run)
        }
        let overrides = [backbone.map { "backbone=\($0)" }, data.map { "data=\($0)" }].compactMap(\.self)
        return try StudyFile(path: file, overrides: overrides).study()
    }

    /// A study as YAML with all defaults filled in.
    static func text(of study: Study) throws -> String {
        let encoder = YAMLEncoder()
        encoder.options.width = -1
        return try encoder.encode(study)
    }

    // MARK: Places

    private func located(_ failure: Failure) -> Failure {
        guard let key = failure.location else {
            return Failure(failure.kind, at: path, failure.message, remedy: failure.remedy)
        }
        let names = key.replacingOccurrences(of: "[", with: ".").replacingOccurrences(of: "]", with: "")
            .split(separator: ".").map(String.init)
        let change = overrides.first { names.starts(with: $0.key) }
        // A mapping created by changes has no line.
        let maker = overrides.first { $0.key.starts(with: names) }
        let place =
            change.map(Self.place) ?? line(of: names).map { "\(path):\($0)" } ?? maker.map(Self.place) ?? path
        return Failure(failure.kind, at: place, "\(key): \(failure.message)", remedy: failure.remedy)
    }

    /// The line of the longest prefix of a key path that the file contains.
    private func line(of names: [String]) -> Int? {
        var node = root
        var line: Int?
        for name in names {
            switch node {
            case .mapping(let mapping):
                guard let pair = mapping.first(where: { $0.key.string == name }) else { return line }
                line = pair.key.mark?.line ?? line
                node = pair.value
            case .sequence(let sequence):
                guard let index = Int(name), sequence.indices.contains(index) else { return line }
                node = sequence[index]
                line = node.mark?.line ?? line
            default: return line
            }
        }
        return line
    }

    // MARK: Changes

    private static func place(_ change: (key: [String], text: String)) -> String {
        "--set \(change.key.joined(separator: "."))"
    }

    private static func parse(_ change: String) throws -> (key: [String], text: String) {
        guard let sign = change.firstIndex(of: "="), sign != change.startIndex else {
            throw Failure.usage(
                "expected key=value, found '\(change)'", at: "--set",
                remedy: "such as --set batch.microBatch=4")
        }
        let key = change[..<sign].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard key.allSatisfy({ !$0.isEmpty }) else {
            throw Failure.usage(
                "'\(change[..<sign])' is no key", at: "--set", remedy: "such as --set batch.microBatch=4")
        }
        return (key, String(change[change.index(after: sign)...]))
    }

    private static func compose(_ text: String, at place: String) throws -> Node {
        do {
            // An empty value is an empty string; an empty file is an empty mapping.
            return try Yams.compose(yaml: text) ?? (place == "--set" ? Node("") : Node([:]))
        } catch let error as YamlError {
            let (line, what) = described(error)
            throw Failure.usage(what, at: place == "--set" ? place : line.map { "\(place):\($0)" } ?? place)
        }
    }

    private static func described(_ error: YamlError) -> (line: Int?, what: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (mark.line, "is not YAML: column \(mark.column): \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            (context.mark.line, "the key '\(duplicates.joined(separator: "', '"))' is there twice")
        default: (nil, "is not YAML: \(error)")
        }
    }

    private static func set(_ path: ArraySlice<String>, to value: Node, in node: Node, _ key: [String]) throws
        -> Node
    {
        guard let name = path.first else { return value }
        guard case .mapping(var mapping) = node else {
            throw Failure.usage(
                "'\(key.dropLast(path.count).joined(separator: "."))' is not a mapping, "
                    + "so '\(key.joined(separator: "."))' cannot be set",
                at: "--set")
        }
        let existing = mapping.first { $0.key.string == name }
        mapping[existing?.key ?? Node(name)] = try set(
            path.dropFirst(), to: value, in: existing?.value ?? Node([:]), key)
        return .mapping(mapping)
    }
}
