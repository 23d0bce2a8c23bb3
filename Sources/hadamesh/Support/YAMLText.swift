import Diagnostics
import Formats
import Yams

/// The text of a study, or of a value of `--set`.
enum YAMLText {
    /// Parses a text; nil if it is empty.
    static func compose(_ text: String, at place: String, hasLines: Bool = true) throws -> Node? {
        do {
            return try Yams.compose(yaml: text).map { try plainKeys($0, at: place, hasLines) }
        } catch let error as YamlError {
            throw failure(error, text, at: place, hasLines)
        }
    }

    /// A copy whose keys are texts however they are written: the decoder finds neither `"0"` nor `"on"` if it
    /// is in quotes, as in JSON.
    private static func plainKeys(_ node: Node, at place: String, _ hasLines: Bool) throws -> Node {
        switch node {
        case .mapping(let mapping):
            var seen: Set<String> = []
            let pairs = try mapping.map { entry in
                guard case .scalar(let key) = entry.key else { return (entry.key, entry.value) }
                if !seen.insert(key.string).inserted {
                    throw Failure.usage(
                        "duplicate key '\(key.string)'",
                        at: hasLines ? "\(place):\(key.mark?.line ?? 1)" : place)
                }
                return (
                    Node.scalar(Node.Scalar(key.string, .implicit, .any, key.mark)),
                    try plainKeys(entry.value, at: place, hasLines)
                )
            }
            return .mapping(Node.Mapping(pairs, mapping.tag, mapping.style, mapping.mark))
        case .sequence(let list):
            return .sequence(
                Node.Sequence(
                    try list.map { try plainKeys($0, at: place, hasLines) }, list.tag, list.style, list.mark))
        case .scalar, .alias: return node
        }
    }

    /// Decodes settings; a failure is at the path of its key.
    static func decode<Settings: Decodable>(
        _ type: Settings.Type, from root: Node, userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws -> Settings {
        do {
            return try YAMLDecoder().decode(type, from: root, userInfo: userInfo)
        } catch let error as DecodingError {
            if case .dataCorrupted(let context) = error, let failure = context.underlyingError as? Failure {
                throw failure
            }
            throw Failure.usage("cannot be read: \(error)")
        }
    }

    /// A copy of an encoded tree whose numbers are exact, and without needless exponent: 0.1 for 1e-1.
    ///
    /// The YAML encoder rounds numbers to 15 digits; `value` is the tree's content with all digits.
    static func exact(_ node: Node, _ value: JSONValue?) -> Node {
        switch node {
        case .mapping(let mapping):
            return Node(mapping.map { ($0.key, exact($0.value, $0.key.string.flatMap { value?[$0] })) })
        case .sequence(let list):
            return Node(list.enumerated().map { exact($1, value?[$0]) })
        case .scalar(let scalar):
            guard case .number(let number) = value else { return node }
            // Whole numbers, which a seed has beyond the digits of a Double.
            if let whole = UInt64(scalar.string), Double(whole) == number { return node }
            let text = number.description.replacing("e-0", with: "e-")
            return Node(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
        case .alias: return node
        }
    }

    private static func failure(_ error: YamlError, _ text: String, at place: String, _ hasLines: Bool)
        -> Failure
    {
        func located(_ mark: Mark) -> String { hasLines ? "\(place):\(mark.line)" : place }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let line = lines.indices.contains(mark.line - 1) ? lines[mark.line - 1] : ""
            if line.prefix(while: \.isWhitespace).contains("\t") {
                return .usage("a tab; indent with spaces", at: located(mark))
            }
            let words = plainWords.first { problem.contains($0.part) }
            return .usage(
                "is not YAML: column \(mark.column): \(words?.meaning ?? problem)", at: located(mark),
                remedy: words?.remedy)
        case .duplicatedKeysInMapping(let duplicates, let context):
            return .usage(
                "duplicate key '\(duplicates.joined(separator: "', '"))'", at: located(context.mark))
        default: return .usage("is not YAML: \(error)", at: place)
        }
    }

    /// A part of a message of the parser, in plain words.
    private struct PlainWords {
        let part, meaning, remedy: String
    }

    private static let plainWords = [
        PlainWords(
            part: "mapping values are not allowed", meaning: "a ':' where no key can be",
            remedy: "indent the keys of a section alike, and quote a value that contains ': '"),
        PlainWords(
            part: "did not find expected key", meaning: "this line is not a key of the section above",
            remedy: "indent the keys of a section alike, and write 'key: value'"),
        PlainWords(
            part: "did not find expected '-'", meaning: "this line is not an element of the list above",
            remedy: "indent the elements of a list alike, each with a '- '"),
        PlainWords(
            part: "could not find expected ':'", meaning: "a key without ':'",
            remedy: "write 'key: value'"),
        PlainWords(
            part: "did not find expected ',' or ']'", meaning: "a '[' that is not closed",
            remedy: "separate elements by commas and end the list with ']'"),
        PlainWords(
            part: "did not find expected ',' or '}'", meaning: "a '{' that is not closed",
            remedy: "separate keys by commas and end the mapping with '}'"),
        PlainWords(
            part: "did not find expected node content", meaning: "a '[' or '{' that is not closed",
            remedy: "end a list with ']' and a mapping with '}'"),
        PlainWords(
            part: "cannot start any token", meaning: "a character that no value begins with",
            remedy: "put the value in quotes"),
        PlainWords(
            part: "unexpected end of stream", meaning: "a quote that is not closed",
            remedy: "end the text with the same quote"),
    ]
}
