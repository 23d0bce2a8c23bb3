import Diagnostics

/// A `tokenizer.json`: normaliser, words, model, special tokens and added tokens in one file.
///
/// Its `truncation` and `padding` are ignored: how long an example may be is the study's to say, and
/// units are packed without padding. Its `decoder` turns ids back into text and decides no id.
struct TokenizerFile {
    private let file: JSON
    private let place: String

    init(_ file: JSON, place: String) {
        self.file = file
        self.place = place
    }

    func settings() throws -> WordPieceSettings {
        guard let model = file["model"], model.object != nil else { throw failure("found no model") }
        try requireWordPiece(model)
        var settings = WordPieceSettings(place: place, vocabulary: try vocabulary(model))
        settings.text = try basicText()
        settings.unknownToken = try text(model, "unk_token", in: "model") ?? settings.unknownToken
        settings.continuingPrefix =
            try text(model, "continuing_subword_prefix", in: "model") ?? settings.continuingPrefix
        if let maximum = model["max_input_chars_per_word"] {
            guard let count = maximum.integer, count >= 0 else {
                throw failure("expected a whole number for model.max_input_chars_per_word")
            }
            settings.maximumScalars = count
        }
        try requireType("pre_tokenizer", ["BertPreTokenizer"])
        if let (begin, separate) = try specialTokens(settings.vocabulary) {
            settings.beginToken = begin
            settings.separateToken = separate
        }
        settings.addedTokens = try addedTokens(settings)
        return settings
    }

    /// Files from before models had a `type` are told by a setting that only WordPiece has.
    private func requireWordPiece(_ model: JSON) throws {
        let type =
            model["type"]?.string
            ?? (model["max_input_chars_per_word"] == nil ? "of no stated type" : "WordPiece")
        guard type == "WordPiece" else {
            throw failure(
                "found a model \(type), expected WordPiece",
                remedy: "WordPiece is what is supported here: choose a backbone of the BERT family")
        }
    }

    /// The tokens in the order of their ids, which must be `0..<count`.
    private func vocabulary(_ model: JSON) throws -> Vocabulary {
        guard let entries = model["vocab"]?.object, !entries.isEmpty else {
            throw failure("found no tokens in model.vocab, expected an object of tokens and ids")
        }
        var tokens = [String?](repeating: nil, count: entries.count)
        for (token, value) in entries {
            guard let id = value.integer, tokens.indices.contains(id) else {
                throw failure(
                    "the token '\(token)' has no id among 0 to \(tokens.count - 1), one for each token")
            }
            if let other = tokens[id] {
                throw failure("the tokens '\(other)' and '\(token)' both have the id \(id)")
            }
            tokens[id] = token
        }
        return try Vocabulary(tokens.compactMap(\.self)) { _ in place }
    }

    private func basicText() throws -> BasicText {
        guard let normalizer = try requireType("normalizer", ["BertNormalizer"]) else {
            throw failure("found no normalizer, expected BertNormalizer")
        }
        func flag(_ key: String) throws -> Bool? {
            guard let value = normalizer[key] else { return nil }
            if let flag = value.bool { return flag }
            throw failure("found \(value.kind) for normalizer.\(key), expected true or false")
        }
        return BasicText(
            cleansText: try flag("clean_text") ?? true,
            isolatesChinese: try flag("handle_chinese_chars") ?? true,
            stripsAccents: try flag("strip_accents"), lowercases: try flag("lowercase") ?? true)
    }

    /// The section, if present, which must be of one of the types.
    @discardableResult
    private func requireType(_ section: String, _ types: [String]) throws -> JSON? {
        guard let value = file[section] else { return nil }
        let type = value["type"]?.string ?? "of no stated type"
        guard types.contains(type) else {
            throw failure(
                "found a \(section) \(type), expected \(types.joined(separator: " or "))",
                remedy: "choose a backbone of the BERT family")
        }
        return value
    }

    /// The tokens that begin a text and end each part, by the file's post-processor; nil if it has none.
    private func specialTokens(_ vocabulary: Vocabulary) throws -> (begin: String, separate: String)? {
        guard let section = try requireType("post_processor", ["TemplateProcessing", "BertProcessing"]) else {
            return nil
        }
        let found =
            section["type"]?.string == "BertProcessing" ? processing(section) : template(section)
        guard let found, found.ids.allSatisfy({ vocabulary.id(of: $0.token).map(Int.init) == $0.id }) else {
            throw failure(
                "the post_processor does not make '[CLS] A [SEP]' and '[CLS] A [SEP] B [SEP]' with the "
                    + "vocabulary's ids for these tokens")
        }
        return (found.begin, found.separate)
    }

    private typealias Special = (begin: String, separate: String, ids: [(token: String, id: Int)])

    private func processing(_ section: JSON) -> Special? {
        guard let begin = section["cls"]?.array, let separate = section["sep"]?.array,
            let beginName = begin.first?.string, let separateName = separate.first?.string,
            let beginID = begin.last?.integer, let separateID = separate.last?.integer
        else { return nil }
        return (beginName, separateName, [(beginName, beginID), (separateName, separateID)])
    }

    private func template(_ section: JSON) -> Special? {
        guard let single = parts(section["single"]), let pair = parts(section["pair"]), pair.count == 5 else {
            return nil
        }
        let (begin, separate) = (pair[0].dropFirst(2), pair[2].dropFirst(2))
        guard single == ["0:\(begin)", "0=A", "0:\(separate)"],
            pair == ["0:\(begin)", "0=A", "0:\(separate)", "1=B", "1:\(separate)"]
        else { return nil }
        var ids: [(token: String, id: Int)] = []
        for name in [String(begin), String(separate)] {
            guard let list = section["special_tokens"]?[name]?["ids"]?.array, list.count == 1,
                let id = list.first?.integer
            else { return nil }
            ids.append((name, id))
        }
        return (String(begin), String(separate), ids)
    }

    /// A template's parts, each as its segment and `:TOKEN` or `=SEQUENCE`.
    private func parts(_ template: JSON?) -> [String]? {
        template?.array?.map { part in
            for (key, mark) in [("SpecialToken", ":"), ("Sequence", "=")] {
                if let body = part[key], let name = body["id"]?.string, let segment = body["type_id"]?.integer
                {
                    return "\(segment)\(mark)\(name)"
                }
            }
            return "unknown"
        }
    }

    /// The added tokens; one that is not in the vocabulary has the next id after it.
    private func addedTokens(_ settings: WordPieceSettings) throws -> [AddedToken] {
        guard let section = file["added_tokens"] else { return [] }
        guard let entries = section.array else {
            throw failure("found \(section.kind) for added_tokens, expected a list")
        }
        var list = AddedTokenList(settings.vocabulary, settings.text)
        for (index, entry) in entries.enumerated() {
            try list.add(entry, id: entry["id"], at: "\(place) (added_tokens[\(index)])")
        }
        return list.tokens
    }

    private func text(_ section: JSON, _ key: String, in name: String) throws -> String? {
        guard let value = section[key] else { return nil }
        if let text = value.string { return text }
        throw failure("found \(value.kind) for \(name).\(key), expected a text")
    }

    private func failure(_ what: String, remedy: String? = nil) -> Failure {
        .data(what, at: place, remedy: remedy)
    }
}
