import Diagnostics

/// A `vocab.txt`, one token a line with the line's number (from 0) as its id, and the files beside it.
struct VocabularyFile {
    var lines: [UInt8]
    var place: String
    var configuration: JSON?
    var configurationPlace: String
    var specialTokens: JSON?
    var specialTokensPlace: String
    var addedTokens: JSON?
    var addedTokensPlace: String

    func settings() throws -> WordPieceSettings {
        var settings = WordPieceSettings(place: place, vocabulary: try vocabulary())
        settings.text = try BasicText(
            configuration: configuration, otherwise: BasicText(), place: configurationPlace)
        settings.unknownToken = try specialToken("unk_token")?.content ?? settings.unknownToken
        settings.beginToken = try specialToken("cls_token")?.content ?? settings.beginToken
        settings.separateToken = try specialToken("sep_token")?.content ?? settings.separateToken
        settings.addedTokens = try addedTokens(settings)
        return settings
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

    /// The added tokens in the order in which they get ids: those with stated ids, then special tokens.
    ///
    /// A default special token that neither a file names nor the vocabulary has is not there at all.
    private func addedTokens(_ settings: WordPieceSettings) throws -> [AddedToken] {
        var list = AddedTokenList(settings.vocabulary, settings.text)
        for (id, entry) in try stated() {
            try list.add(entry, id: id, at: configurationPlace)
        }
        for (content, id) in try legacy() where !list.contains(content) {
            try list.add(
                AddedToken(content: content, id: 0, isNormalized: !(try isSpecial(content))), id: id,
                at: addedTokensPlace)
        }
        for (key, fallback) in [
            ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
            ("mask_token", "[MASK]"),
        ] {
            let named = try specialToken(key)
            let token = named ?? AddedToken(content: fallback, id: 0)
            if list.contains(token.content) { continue }
            if named == nil, settings.vocabulary.id(of: fallback) == nil { continue }
            try list.add(token, id: nil, at: specialTokensPlace)
        }
        for token in try additional() where !list.contains(token.content) {
            try list.add(token, id: nil, at: specialTokensPlace)
        }
        return list.tokens
    }

    /// `added_tokens_decoder` of tokenizer_config.json, by id.
    private func stated() throws -> [(id: JSON, entry: JSON)] {
        guard let section = configuration?["added_tokens_decoder"] else { return [] }
        guard let entries = section.object else {
            throw Failure.data(
                "found \(section.kind) for added_tokens_decoder, expected an object", at: configurationPlace)
        }
        return try entries.map { key, entry in
            guard let id = Int(key), id >= 0 else {
                throw Failure.data(
                    "found the id '\(key)' in added_tokens_decoder, expected a number", at: configurationPlace
                )
            }
            return (id, entry)
        }
        .sorted { $0.0 < $1.0 }
        .map { (.number(String($0)), $1) }
    }

    /// `added_tokens.json`, by id.
    private func legacy() throws -> [(content: String, id: JSON)] {
        try (addedTokens?.object ?? []).map { content, value in
            guard let id = value.integer else {
                throw Failure.data(
                    "found \(value.kind) for '\(content)', expected its id", at: addedTokensPlace)
            }
            return (content, id)
        }
        .sorted { $0.1 < $1.1 }
        .map { ($0, .number(String($1))) }
    }

    private func isSpecial(_ content: String) throws -> Bool {
        let keys = ["unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
        let named = try keys.compactMap { try specialToken($0) } + additional()
        return named.contains { $0.content.utf8.elementsEqual(content.utf8) }
    }

    /// The special token of a role: special_tokens_map.json, or else tokenizer_config.json, may name it.
    private func specialToken(_ key: String) throws -> AddedToken? {
        if let value = specialTokens?[key] { return try token(value, key, at: specialTokensPlace) }
        return try configuration?[key].map { try token($0, key, at: configurationPlace) }
    }

    private func additional() throws -> [AddedToken] {
        let key = "additional_special_tokens"
        let (value, place) =
            specialTokens?[key].map { ($0, specialTokensPlace) }
            ?? (configuration?[key] ?? .array([]), configurationPlace)
        guard let list = value.array else {
            throw Failure.data("found \(value.kind) for \(key), expected a list", at: place)
        }
        return try list.map { try token($0, key, at: place) }
    }

    /// A special token as a text, or as an object with flags.
    private func token(_ value: JSON, _ key: String, at place: String) throws -> AddedToken {
        guard let content = value.string ?? value["content"]?.string, !content.isEmpty else {
            throw Failure.data("found \(value.kind) for \(key), expected a token", at: place)
        }
        func flag(_ name: String) -> Bool { value[name]?.bool ?? false }
        return AddedToken(
            content: content, id: 0, isSingleWord: flag("single_word"), stripsLeft: flag("lstrip"),
            stripsRight: flag("rstrip"), isNormalized: flag("normalized"))
    }
}
