import Diagnostics
import Formats

/// The files beside a vocabulary that name special tokens and add tokens.
struct AddedTokenFiles {
    /// tokenizer_config.json.
    let configuration: JSONSection
    /// special_tokens_map.json.
    let specialTokens: JSONSection
    /// added_tokens.json.
    let addedTokens: JSONSection

    init(_ files: TokenizerFiles, _ configuration: JSONSection) throws {
        self.configuration = configuration
        specialTokens = try files.section("special_tokens_map.json")
        addedTokens = try files.section("added_tokens.json")
    }

    /// A special token of a tokenizer's class, and the one that the files name instead.
    struct Role {
        let key: String
        let own: AddedToken
        let named: AddedToken?

        var token: AddedToken { named ?? own }
    }

    func role(_ key: String, _ own: AddedToken) throws -> Role {
        Role(key: key, own: own, named: try named(key, own))
    }

    /// The added tokens in the order in which they get ids: those with stated ids, then special tokens.
    ///
    /// A default special token is left out if no file names it and the vocabulary lacks it.
    func tokens(
        addedTo vocabulary: Vocabulary, _ special: [Role], _ normalizer: (any Normalizer)?
    ) throws -> [AddedToken] {
        var list = AddedTokenList(vocabulary, normalizer)
        for (id, entry) in try decoderEntries() { try list.add(entry, id: id) }
        let additional = try additional()
        let named = special.compactMap(\.named) + additional
        for (content, id) in try listedTokens() where !list.contains(content) {
            let isSpecial = named.contains { $0.content.utf8.elementsEqual(content.utf8) }
            try list.add(
                AddedToken(content: content, id: 0, isNormalized: !isSpecial), id: id, at: addedTokens.place)
        }
        for role in special where !list.contains(role.token.content) {
            if role.named == nil, vocabulary.id(of: role.own.content) == nil { continue }
            try list.add(role.token, id: nil, at: specialTokens.place)
        }
        for token in additional where !list.contains(token.content) {
            try list.add(token, id: nil, at: specialTokens.place)
        }
        return list.tokens
    }

    /// `added_tokens_decoder` of tokenizer_config.json, by id.
    private func decoderEntries() throws -> [(id: Int, entry: JSONSection)] {
        try configuration.members("added_tokens_decoder").map { key, entry in
            guard let id = Int(key), id >= 0 else {
                throw configuration.failure(
                    "found the id '\(key)' in added_tokens_decoder, expected a number")
            }
            return (id, JSONSection(entry, at: configuration.place))
        }
        .sorted { $0.0 < $1.0 }
    }

    /// `added_tokens.json`, by id.
    private func listedTokens() throws -> [(content: String, id: Int)] {
        try addedTokens.members.map { content, value in
            guard let id = value.int else {
                throw addedTokens.failure("found \(value.kind) for '\(content)', expected its id")
            }
            return (content, id)
        }
        .sorted { $0.1 < $1.1 }
    }

    /// The token that special_tokens_map.json, or else tokenizer_config.json, names for a role.
    ///
    /// A text alone takes white space before it as the class's own token does.
    private func named(_ key: String, _ own: AddedToken) throws -> AddedToken? {
        let section = specialTokens[key] == nil ? configuration : specialTokens
        guard let value = section[key] else { return nil }
        var token = try section.specialToken(value, of: key)
        if value.string != nil { token.stripsLeft = own.stripsLeft }
        return token
    }

    private func additional() throws -> [AddedToken] {
        let key = "additional_special_tokens"
        let section = specialTokens[key] == nil ? configuration : specialTokens
        return try section.list(key).map { try section.specialToken($0, of: key) }
    }
}
