import Diagnostics

/// Added tokens while they are read from a file: each gets its id, and each content is there once.
struct AddedTokenList {
    private var added: [AddedToken] = []
    private var nextID: Int
    private let vocabulary: Vocabulary
    private let text: BasicText

    /// The tokens in the order of their ids, whichever order the files have them in.
    var tokens: [AddedToken] { added.sorted { $0.id < $1.id } }

    init(_ vocabulary: Vocabulary, _ text: BasicText) {
        self.vocabulary = vocabulary
        self.text = text
        nextID = vocabulary.count
    }

    /// Adds the token that a file describes as an object with `content` and flags.
    mutating func add(_ entry: JSON, id stated: JSON?, at place: String) throws {
        func flag(_ key: String) throws -> Bool? {
            guard let value = entry[key] else { return nil }
            if let flag = value.bool { return flag }
            throw Failure.data("found \(value.kind) for \(key), expected true or false", at: place)
        }
        guard let content = entry["content"]?.string else {
            throw Failure.data("found an added token without content", at: place)
        }
        let isSpecial = try flag("special") ?? false
        let token = AddedToken(
            content: content, id: 0, isSingleWord: try flag("single_word") ?? false,
            stripsLeft: try flag("lstrip") ?? false, stripsRight: try flag("rstrip") ?? false,
            isNormalized: try flag("normalized") ?? !isSpecial)
        try add(token, id: stated, at: place)
    }

    /// Adds a token under the vocabulary's id for it, or else the next free one; the stated id must be that.
    mutating func add(_ token: AddedToken, id stated: JSON?, at place: String) throws {
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
        if let stated, stated.integer != Int(token.id) {
            throw Failure.data(
                "the added token '\(token.content)' has the id \(stated.integer.map(String.init) ?? stated.kind), "
                    + "expected \(token.id)", at: place,
                remedy: "added tokens have the vocabulary's id, or the next one after it")
        }
        let form = token.isNormalized ? text.normalize(token.content) : token.content
        guard !form.isEmpty else {
            throw Failure.data(
                "found the added token '\(token.content)', of which no text is left", at: place)
        }
        if contains(token.content) {
            throw Failure.data("the added token '\(token.content)' is there twice", at: place)
        }
        added.append(token)
    }

    /// Whether a token with exactly this content was added.
    func contains(_ content: String) -> Bool {
        added.contains { $0.content.utf8.elementsEqual(content.utf8) }
    }
}
