import Diagnostics
import Formats

/// A `tokenizer.json`, which holds every stage of a tokenizer.
///
/// The lengths in its `truncation` and `padding` are ignored: the study sets the limit, and batches are
/// packed without padding. Its `decoder` turns ids back into text, so it decides no id.
struct TokenizerFile {
    private let file: JSONSection
    /// Whether no tokenizer class supplies stages that the file lacks.
    private let isGeneric: Bool

    init(_ file: JSONSection, isGeneric: Bool = false) { (self.file, self.isGeneric) = (file, isGeneric) }

    func tokenizer() throws -> TokenizerPipeline {
        if let direction = file["truncation"]?["direction"]?.string, direction != "Right" {
            throw file.failure(
                "found truncation.direction \(direction), but texts are cut at their right end here",
                remedy: "choose a backbone that was trained so")
        }
        guard let section = file.section("model") else { throw file.failure("found no model") }
        let model = try model(section)
        let isByteLevel = model is BytePairEncoding
        let normalizer = isByteLevel ? try noNormalizer() : try normalizer()
        let words: any PreTokenizer = isByteLevel ? try byteLevelWords() : try bertWords()
        let template = try template(model.vocabulary, isByteLevel: isByteLevel)
        return TokenizerPipeline(
            normalizer, words, model, template,
            addedTokens: try addedTokens(model.vocabulary, normalizer))
    }

    /// A stage's section, which must be of one of the types; nil if the file has none, but its class has.
    private func stage(_ key: String, _ types: [String]) throws -> JSONSection? {
        guard let value = file[key] else {
            if !isGeneric { return nil }
            throw file.failure(
                "found no \(key), which PreTrainedTokenizerFast does without; expected "
                    + types.joined(separator: " or "),
                remedy: "name the class it was made for as tokenizer_class in tokenizer_config.json")
        }
        let type = value["type"]?.string ?? "of no stated type"
        guard types.contains(type) else {
            throw file.failure(
                "found a \(key) \(type), expected \(types.joined(separator: " or "))",
                remedy: "these tokenizers are known: WordPiece with BERT's stages, and byte-level BPE")
        }
        return file.section(key)
    }

    // MARK: Words

    private func bertWords() throws -> BertPreTokenizer {
        _ = try stage("pre_tokenizer", ["BertPreTokenizer"])
        return BertPreTokenizer()
    }

    private func byteLevelWords() throws -> ByteLevelPreTokenizer {
        guard let section = try stage("pre_tokenizer", ["ByteLevel"]) else {
            throw file.failure("found no pre_tokenizer, expected ByteLevel for a model BPE")
        }
        return ByteLevelPreTokenizer(
            addsPrefixSpace: try section.flag("add_prefix_space") ?? true,
            usesPattern: try section.flag("use_regex") ?? true)
    }

    /// Byte-level vocabularies take texts as they are.
    private func noNormalizer() throws -> (any Normalizer)? {
        guard let value = file["normalizer"] else { return nil }
        throw file.failure(
            "found a normalizer \(value["type"]?.string ?? "of no stated type") with a model BPE, "
                + "expected none",
            remedy: "choose a backbone whose tokenizer is like RoBERTa's or GPT-2's")
    }

    // MARK: Normaliser

    private func normalizer() throws -> (any Normalizer)? {
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

    private func model(_ section: JSONSection) throws -> any TokenModel {
        // Files from before models had a `type` are told by a setting that only one model has.
        let unnamed = section["max_input_chars_per_word"] != nil ? "WordPiece" : "of no stated type"
        let type = section["type"]?.string ?? (section["merges"] != nil ? "BPE" : unnamed)
        switch type {
        case "WordPiece": return try wordPiece(section)
        case "BPE": return try bytePairs(section)
        default:
            throw file.failure(
                "found a model \(type), expected WordPiece or BPE",
                remedy: "choose a backbone whose tokenizer is like BERT's or RoBERTa's")
        }
    }

    private func bytePairs(_ section: JSONSection) throws -> BytePairEncoding {
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = try section.text(key), !text.isEmpty {
                throw file.failure("found '\(text)' for model.\(key), expected none in a byte-level BPE")
            }
        }
        if section["dropout"] != nil { throw file.failure("found model.dropout, expected none") }
        if try section.flag("byte_fallback") ?? false {
            throw file.failure("found model.byte_fallback true, expected false in a byte-level BPE")
        }
        let vocabulary = try vocabulary(section)
        let unknown = try section.text("unk_token").map {
            try vocabulary.requiredID(of: $0, role: "unknown token", at: file.place)
        }
        let pairs = try section.list("merges").enumerated().map { index, value in
            let parts =
                value.array?.compactMap(\.string)
                ?? value.string?.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
                ?? []
            guard parts.count == 2 else {
                throw file.failure("found \(value.encoded()) for model.merges[\(index)], expected two tokens")
            }
            return BytePairEncoding.TokenPair(left: parts[0], right: parts[1])
        }
        return try BytePairEncoding(
            vocabulary, merges: pairs, unknown: unknown,
            prefersWholeWords: try section.flag("ignore_merges") ?? false
        ) { "\(file.place) (model.merges[\($0)])" }
    }

    private func wordPiece(_ section: JSONSection) throws -> WordPiece {
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

    private func vocabulary(_ model: JSONSection) throws -> Vocabulary {
        guard let entries = model["vocab"]?.object, !entries.isEmpty else {
            throw file.failure("found no tokens in model.vocab, expected an object of tokens and ids")
        }
        return try Vocabulary(ids: entries, at: file.place)
    }

    // MARK: Template

    private func template(_ vocabulary: Vocabulary, isByteLevel: Bool) throws -> SpecialTokenTemplate {
        let types = ["TemplateProcessing", "BertProcessing", "RobertaProcessing"]
        guard let section = try stage("post_processor", types) else {
            return try isByteLevel
                ? .roberta(vocabulary, at: file.place) : .bert(vocabulary, at: file.place)
        }
        let reader = TemplateReader(section, vocabulary)
        let read =
            switch section["type"]?.string {
            case "TemplateProcessing": reader.template()
            case "RobertaProcessing": reader.robertaTemplate()
            default: reader.bertTemplate()
            }
        guard let template = read else {
            throw file.failure(
                "the post_processor does not make a template of A, and one of A and B, with segments 0 and 1 "
                    + "and the vocabulary's ids for its special tokens",
                remedy: "download the file again")
        }
        return template
    }

    // MARK: Added tokens

    private func addedTokens(_ vocabulary: Vocabulary, _ normalizer: (any Normalizer)?) throws
        -> [AddedToken]
    {
        var list = AddedTokenList(vocabulary, normalizer)
        for (index, value) in try file.list("added_tokens").enumerated() {
            let entry = JSONSection(value, at: "\(file.place) (added_tokens[\(index)])")
            try list.add(entry, id: entry.whole("id"))
        }
        return list.tokens
    }
}
