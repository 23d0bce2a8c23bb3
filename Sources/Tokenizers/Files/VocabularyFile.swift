import Diagnostics
import Formats

/// A `vocab.txt`, one token a line with the line's number (from 0) as its id, and the files beside it.
struct VocabularyFile {
    let lines: [UInt8]
    let place: String
    /// tokenizer_config.json.
    let configuration: FileSection
    /// special_tokens_map.json.
    let specialTokens: FileSection
    /// added_tokens.json.
    let addedTokens: FileSection

    func tokenizer() throws -> TokenizerPipeline {
        let vocabulary = try vocabulary()
        let normalizer = try BertNormalizer(configuration, otherwise: BertNormalizer())
        let unknown = try vocabulary.requiredID(
            of: specialToken("unk_token")?.content ?? "[UNK]", role: "unknown token", at: place)
        let template = try SpecialTokenTemplate.bert(
            vocabulary, begin: specialToken("cls_token")?.content ?? "[CLS]",
            separator: specialToken("sep_token")?.content ?? "[SEP]", at: place)
        return TokenizerPipeline(
            normalizer, BertPreTokenizer(), WordPiece(vocabulary, unknown: unknown), template,
            addedTokens: try tokens(addedTo: vocabulary, normalizer))
    }

    private func vocabulary() throws -> Vocabulary {
        var lines = lines.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else {
            throw Failure.data("found an empty file, expected one token a line", at: place)
        }
        let tokens = lines.map { line in
            String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
        }
        return try Vocabulary(tokens) { "\(place):\($0 + 1)" }
    }

    // MARK: Added tokens

    private static let roles = [
        ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
        ("mask_token", "[MASK]"),
    ]

    /// The added tokens in the order in which they get ids: those with stated ids, then special tokens.
    ///
    /// A default special token is left out if no file names it and the vocabulary lacks it.
    private func tokens(addedTo vocabulary: Vocabulary, _ normalizer: BertNormalizer) throws -> [AddedToken] {
        var list = AddedTokenList(vocabulary, normalizer)
        for (id, entry) in try decoderEntries() { try list.add(entry, id: id) }
        for (content, id) in try listedTokens() where !list.contains(content) {
            try list.add(
                AddedToken(content: content, id: 0, isNormalized: !(try isSpecial(content))), id: id,
                at: addedTokens.place)
        }
        for (key, fallback) in Self.roles {
            let named = try specialToken(key)
            let token = named ?? AddedToken(content: fallback, id: 0)
            if list.contains(token.content) { continue }
            if named == nil, vocabulary.id(of: fallback) == nil { continue }
            try list.add(token, id: nil, at: specialTokens.place)
        }
        for token in try additional() where !list.contains(token.content) {
            try list.add(token, id: nil, at: specialTokens.place)
        }
        return list.tokens
    }

    /// `added_tokens_decoder` of tokenizer_config.json, by id.
    private func decoderEntries() throws -> [(id: Int, entry: FileSection)] {
        try configuration.members("added_tokens_decoder").map { key, entry in
            guard let id = Int(key), id >= 0 else {
                throw configuration.failure(
                    "found the id '\(key)' in added_tokens_decoder, expected a number")
            }
            return (id, FileSection(entry, at: configuration.place))
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

    private func isSpecial(_ content: String) throws -> Bool {
        let named = try Self.roles.compactMap { try specialToken($0.0) } + additional()
        return named.contains { $0.content.utf8.elementsEqual(content.utf8) }
    }

    /// The token that special_tokens_map.json, or else tokenizer_config.json, names for a role.
    private func specialToken(_ key: String) throws -> AddedToken? {
        if let value = specialTokens[key] { return try specialTokens.specialToken(value, of: key) }
        return try configuration[key].map { try configuration.specialToken($0, of: key) }
    }

    private func additional() throws -> [AddedToken] {
        let key = "additional_special_tokens"
        let section = specialTokens[key] == nil ? configuration : specialTokens
        return try section.list(key).map { try section.specialToken($0, of: key) }
    }
}
