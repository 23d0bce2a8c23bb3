import Diagnostics
import Formats

/// Collects added tokens while files are read: gives each its id and refuses a content that comes twice.
struct AddedTokenList {
    private var added: [AddedToken] = []
    private var nextID: Int
    private let vocabulary: Vocabulary
    private let normalizer: (any Normalizer)?

    /// The tokens in the order of their ids.
    var tokens: [AddedToken] { added.sorted { $0.id < $1.id } }

    init(_ vocabulary: Vocabulary, _ normalizer: (any Normalizer)?) {
        self.vocabulary = vocabulary
        self.normalizer = normalizer
        nextID = vocabulary.count
    }

    /// Adds the token that an object with `content` and flags describes.
    mutating func add(_ entry: JSONSection, id stated: Int?) throws {
        guard let content = entry["content"]?.string else {
            throw entry.failure("found an added token without content")
        }
        let isSpecial = try entry.flag("special") ?? false
        let token = AddedToken(
            content: content, id: 0, isSingleWord: try entry.flag("single_word") ?? false,
            stripsLeft: try entry.flag("lstrip") ?? false, stripsRight: try entry.flag("rstrip") ?? false,
            isNormalized: try entry.flag("normalized") ?? !isSpecial)
        try add(token, id: stated, at: entry.place)
    }

    /// Adds a token under the vocabulary's id for it, or else the next free one.
    ///
    /// A stated id must be the same.
    mutating func add(_ token: AddedToken, id stated: Int?, at place: String) throws {
        var token = token
        if let known = vocabulary.id(of: token.content) {
            token.id = known
        } else {
            guard nextID < Int(Int32.max) else {
                throw Failure.data("found too many added tokens", at: place)
            }
            token.id = Int32(nextID)
            nextID += 1
        }
        if let stated, stated != Int(token.id) {
            throw Failure.data(
                "the added token '\(token.content)' has the id \(stated), expected \(token.id)", at: place,
                remedy: "added tokens have the vocabulary's id, or the next one after it")
        }
        let text = Array(token.content.utf8)
        let form = token.isNormalized ? normalizer?.normalize(text[...]) ?? text : text
        guard !form.isEmpty else {
            throw Failure.data(
                "found the added token '\(token.content)', which is empty after normalization", at: place)
        }
        if contains(token.content) {
            throw Failure.data("the added token '\(token.content)' appears twice", at: place)
        }
        added.append(token)
    }

    /// True if a token with exactly this content was added.
    func contains(_ content: String) -> Bool {
        added.contains { $0.content.utf8.elementsEqual(content.utf8) }
    }
}
