import Diagnostics
import Formats

/// A `tokenizer.json`, which holds every stage of a tokenizer.
///
/// Its `truncation` and `padding` are ignored: the study sets the limit, and batches are packed without
/// padding. Its `decoder` turns ids back into text, so it decides no id.
struct TokenizerFile {
    private let file: FileSection

    init(_ file: FileSection) { self.file = file }

    func tokenizer() throws -> TokenizerPipeline {
        guard let section = file.section("model") else { throw file.failure("found no model") }
        let model = try wordPiece(section)
        let normalizer = try normalizer()
        _ = try stage("pre_tokenizer", ["BertPreTokenizer"])
        let template = try template(model.vocabulary)
        return TokenizerPipeline(
            normalizer, BertPreTokenizer(), model, template,
            addedTokens: try addedTokens(model.vocabulary, normalizer))
    }

    /// A stage's section, which must be of one of the types; nil if the file has none.
    private func stage(_ key: String, _ types: [String]) throws -> FileSection? {
        guard let value = file[key] else { return nil }
        let type = value["type"]?.string ?? "of no stated type"
        guard types.contains(type) else {
            throw file.failure(
                "found a \(key) \(type), expected \(types.joined(separator: " or "))",
                remedy: "choose a backbone of the BERT family")
        }
        return file.section(key)
    }

    // MARK: Normaliser

    private func normalizer() throws -> BertNormalizer {
        guard let section = try stage("normalizer", ["BertNormalizer"]) else {
            throw file.failure("found no normalizer, expected BertNormalizer")
        }
        return BertNormalizer(
            cleansText: try section.flag("clean_text") ?? true,
            isolatesChinese: try section.flag("handle_chinese_chars") ?? true,
            stripsAccents: try section.flag("strip_accents"),
            lowercases: try section.flag("lowercase") ?? true)
    }

    // MARK: Model

    private func wordPiece(_ section: FileSection) throws -> WordPiece {
        // Files from before models had a `type` are told by a setting that only WordPiece has.
        let type =
            section["type"]?.string
            ?? (section["max_input_chars_per_word"] == nil ? "of no stated type" : "WordPiece")
        guard type == "WordPiece" else {
            throw file.failure(
                "found a model \(type), expected WordPiece",
                remedy: "WordPiece is what is supported here: choose a backbone of the BERT family")
        }
        let vocabulary = try vocabulary(section)
        let unknown = try vocabulary.requiredID(
            of: section.text("unk_token") ?? "[UNK]", role: "unknown token", at: file.place)
        var maximum = 100
        if let stated = section["max_input_chars_per_word"] {
            guard let count = stated.int, count >= 0 else {
                throw file.failure("expected a whole number for model.max_input_chars_per_word")
            }
            maximum = count
        }
        return WordPiece(
            vocabulary, unknown: unknown,
            continuingPrefix: try section.text("continuing_subword_prefix") ?? "##", maximumScalars: maximum)
    }

    /// The tokens in the order of their ids, which must be `0..<count`.
    private func vocabulary(_ model: FileSection) throws -> Vocabulary {
        guard let entries = model["vocab"]?.object, !entries.isEmpty else {
            throw file.failure("found no tokens in model.vocab, expected an object of tokens and ids")
        }
        var tokens = [String?](repeating: nil, count: entries.count)
        for (token, value) in entries {
            guard let id = value.int, tokens.indices.contains(id) else {
                throw file.failure(
                    "the token '\(token)' has no id among 0 to \(tokens.count - 1), one for each token")
            }
            if let other = tokens[id] {
                throw file.failure("the tokens '\(other)' and '\(token)' both have the id \(id)")
            }
            tokens[id] = token
        }
        return try Vocabulary(tokens.compactMap(\.self)) { _ in file.place }
    }

    // MARK: Template

    private func template(_ vocabulary: Vocabulary) throws -> SpecialTokenTemplate {
        guard let section = try stage("post_processor", ["TemplateProcessing", "BertProcessing"]) else {
            return try .bert(vocabulary, at: file.place)
        }
        let isTemplate = section["type"]?.string == "TemplateProcessing"
        let reader = TemplateReader(section, vocabulary)
        guard let template = isTemplate ? reader.template() : reader.bertTemplate() else {
            throw file.failure(
                "the post_processor does not make a template of A, and one of A and B, with segments 0 and 1 "
                    + "and the vocabulary's ids for its special tokens",
                remedy: "download the file again")
        }
        return template
    }

    // MARK: Added tokens

    private func addedTokens(_ vocabulary: Vocabulary, _ normalizer: BertNormalizer) throws -> [AddedToken] {
        var list = AddedTokenList(vocabulary, normalizer)
        for (index, value) in try file.list("added_tokens").enumerated() {
            let entry = FileSection(value, at: "\(file.place) (added_tokens[\(index)])")
            try list.add(entry, id: entry.whole("id"))
        }
        return list.tokens
    }
}
