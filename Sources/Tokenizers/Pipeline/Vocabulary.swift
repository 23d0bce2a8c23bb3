import Diagnostics
import Formats

/// The tokens of a model, with the ids `0..<count`.
struct Vocabulary: Sendable {
    private(set) var tokens: [String]
    private(set) var trie = TokenTrie()

    var count: Int { tokens.count }

    /// Takes tokens in the order of their ids; failures name the `place` of a token's index.
    init(_ tokens: [String], place: (Int) -> String) throws {
        guard tokens.count < Int(Int32.max) else {
            throw Failure.data("found \(tokens.count) tokens, expected fewer than 2^31", at: place(0))
        }
        self.tokens = tokens
        for (id, token) in tokens.enumerated() where !trie.insert(token.utf8, Int32(id)) {
            if token.isEmpty {
                throw Failure.data(
                    "found an empty token for id \(id), expected one token for each id", at: place(id),
                    remedy:
                        "a lost line shifts every id after it: download the file again"
                )
            }
            throw Failure.data(
                "the token '\(token)' appears twice, as ids \(trie.value(of: token.utf8) ?? 0) and \(id)",
                at: place(id), remedy: "each token has one id: download the file again"
            )
        }
    }

    /// Takes the members of an object of tokens and ids, which must be `0..<count`.
    init(ids entries: [(String, JSONValue)], at place: String) throws {
        var tokens = [String?](repeating: nil, count: entries.count)
        for (token, value) in entries {
            guard let id = value.int, tokens.indices.contains(id) else {
                throw Failure.data(
                    "the token '\(token)' has no id among 0 to \(tokens.count - 1), one for each token",
                    at: place)
            }
            if let other = tokens[id] {
                throw Failure.data("the tokens '\(other)' and '\(token)' both have the id \(id)", at: place)
            }
            tokens[id] = token
        }
        try self.init(tokens.compactMap(\.self)) { _ in place }
    }

    /// The id of exactly this token.
    func id(of token: String) -> Int32? { trie.value(of: token.utf8) }

    /// The id of a token without which the tokenizer cannot work.
    func requiredID(of token: String, role: String, at place: String) throws -> Int32 {
        if let id = id(of: token) { return id }
        throw Failure.data(
            "the vocabulary of \(count) tokens has no '\(token)', the \(role)", at: place,
            remedy: "use the backbone's own vocabulary, or name its \(role) in special_tokens_map.json")
    }
}
