import Diagnostics
import Formats

/// The tokenizer files of a backbone's folder, as Hugging Face names them.
///
/// `tokenizer.json` holds every stage and is read where it is present. Otherwise `vocab.json` and
/// `merges.txt` hold RoBERTa's tokens and merges, with its special tokens unless `tokenizer_config.json`
/// names others, or `vocab.txt` holds BERT's or MPNet's vocabulary (``VocabularyClass``), and
/// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` any difference from its
/// defaults; each of those three may be absent.
package enum TokenizerFolder {
    /// Reads the folder's tokenizer.
    package static func load(_ directory: String) throws -> any Tokenizer {
        let files = TokenizerFiles(directory)
        let tokenizer = try tokenizer(of: files, in: directory)
        try StatedTokens(files.section("config.json")).check(tokenizer)
        return tokenizer
    }

    private static func tokenizer(
        of files: TokenizerFiles, in directory: String
    ) throws -> any Tokenizer {
        let configuration = try files.section("tokenizer_config.json")
        if let side = try configuration.text("truncation_side"), side != "right" {
            throw configuration.failure(
                "found truncation_side \(side), but texts are cut at their right end here",
                remedy: "choose a backbone that was trained so")
        }
        if files.has("tokenizer.json") {
            let file = try files.section("tokenizer.json")
            let isGeneric =
                try configuration.text("tokenizer_class").map(StatedClass.generic.contains) ?? false
            let tokenizer = try TokenizerFile(file, isGeneric: isGeneric).tokenizer()
            if let normalizer = tokenizer.normalizer as? BertNormalizer {
                try check(normalizer, against: configuration)
            }
            if let words = tokenizer.preTokenizer as? ByteLevelPreTokenizer,
                let stated = try configuration.flag("add_prefix_space"), stated != words.addsPrefixSpace
            {
                throw contradiction(configuration, "add_prefix_space", stated, words.addsPrefixSpace)
            }
            return tokenizer
        }
        let added = try AddedTokenFiles(files, configuration)
        if files.has("vocab.json"), let merges = try files.bytes("merges.txt") {
            return try MergesFile(
                vocabulary: files.section("vocab.json"), merges: merges, place: files.path("merges.txt"),
                model: files.section("config.json"), files: added
            ).tokenizer()
        }
        guard let lines = try files.bytes("vocab.txt") else {
            throw Failure.data(
                "found neither tokenizer.json nor vocab.txt nor vocab.json with merges.txt", at: directory,
                remedy: ["sentencepiece.bpe.model", "spiece.model"].contains(where: files.has)
                    ? "a SentencePiece tokenizer is not supported: choose another backbone"
                    : "name the backbone's whole folder, tokenizer files included")
        }
        return try VocabularyFile(
            lines: lines, place: files.path("vocab.txt"), model: files.section("config.json"), files: added
        ).tokenizer()
    }

    /// Refuses a folder whose two files describe two tokenizers: nothing here tells with which of them the
    /// backbone was trained, and programs differ in which file they follow.
    private static func check(_ normalizer: BertNormalizer, against configuration: JSONSection) throws {
        let stated = try BertNormalizer(configuration, otherwise: normalizer)
        for (key, ours, theirs) in [
            ("do_lower_case", normalizer.lowercases, stated.lowercases),
            ("tokenize_chinese_chars", normalizer.isolatesChinese, stated.isolatesChinese),
            ("strip_accents", normalizer.stripsAccents, stated.stripsAccents),
        ] where ours != theirs {
            throw contradiction(configuration, key, theirs, ours)
        }
    }

    private static func contradiction(
        _ configuration: JSONSection, _ key: String, _ stated: Bool, _ other: Bool
    ) -> Failure {
        configuration.failure(
            "found \(key) \(stated), but tokenizer.json says \(other)",
            remedy: "make the two files agree on what the backbone was trained with")
    }
}

extension BertNormalizer {
    /// The normaliser that a tokenizer_config.json states; `otherwise` supplies absent settings.
    init(_ configuration: JSONSection, otherwise: BertNormalizer) throws {
        let lowercases = try configuration.flag("do_lower_case")
        // Accents follow case wherever case is stated and accents are not.
        let accents =
            try configuration.flag("strip_accents")
            ?? (lowercases == otherwise.lowercases ? nil : lowercases)
        self.init(
            cleansText: otherwise.cleansText,
            isolatesChinese: try configuration.flag("tokenize_chinese_chars") ?? otherwise.isolatesChinese,
            stripsAccents: accents ?? otherwise.stripsAccents,
            lowercases: lowercases ?? otherwise.lowercases)
    }
}
