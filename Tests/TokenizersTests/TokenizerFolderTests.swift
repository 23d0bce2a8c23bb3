import Diagnostics
import Foundation
import Testing
import Tokenizers

/// Reading folders: what is ignored, what overrides what, and how bad files are named.
@Suite struct TokenizerFolderTests {
    private static let small = "[UNK]\n[CLS]\n[SEP]\nthe\n##s\n"

    struct Bad: Sendable, CustomTestStringConvertible {
        var files: [String: String]
        var place: String
        var says: String
        var testDescription: String { says }

        init(_ files: [String: String], at place: String, _ says: String) {
            (self.files, self.place, self.says) = (files, place, says)
        }

        /// Sections of an otherwise good tokenizer.json.
        init(_ section: String, _ value: String, _ says: String) {
            self.init(["section": section, "value": value], at: "tokenizer.json", says)
        }
    }

    /// A template of tokens and sequences, each with `:SEGMENT` unless that is 0; `[CLS]` has an id as given.
    private static func template(single: String = "A", pair: String = "A B", id: Int = 2) -> String {
        Goldens.template(single: single, pair: pair, tokens: ["[CLS]": [id]])
    }

    private static let badSections = [
        Bad("model", #"{"type": "BPE", "vocab": {}, "merges": []}"#, "found no tokens in model.vocab"),
        Bad(
            "model", #"{"type": "Unigram", "vocab": [["a", -1.5]]}"#,
            "found a model Unigram, expected WordPiece or BPE"),
        Bad("model", #"{"vocab": {}}"#, "found a model of no stated type"),
        Bad("model", "null", "found no model"),
        Bad("model", #"{"type": "WordPiece", "vocab": {}}"#, "found no tokens in model.vocab"),
        Bad(
            "model", #"{"type": "WordPiece", "vocab": {"a": 0, "b": 0}}"#,
            "the tokens 'a' and 'b' both have the id 0"),
        Bad(
            "model", #"{"type": "WordPiece", "vocab": {"a": 0, "b": 2}}"#,
            "the token 'b' has no id among 0 to 1"),
        Bad(
            "model", #"{"type": "WordPiece", "vocab": {"a": 0, "b": -1}}"#,
            "the token 'b' has no id among 0 to 1"),
        Bad("model", #"{"type": "WordPiece", "vocab": {"a": 0, "a": 1}}"#, "key 'a' appears twice"),
        Bad("model", #"{"type": "WordPiece", "vocab": {"": 0, "b": 1}}"#, "found an empty token for id 0"),
        Bad(
            "model", #"{"type": "WordPiece", "unk_token": 3, "vocab": {"a": 0}}"#,
            "found a number for model.unk_token"),
        Bad("normalizer", #"{"type": "Lowercase"}"#, "found a normalizer Lowercase, expected BertNormalizer"),
        Bad("normalizer", "null", "found no normalizer"),
        Bad(
            "normalizer", #"{"type": "BertNormalizer", "lowercase": 1}"#,
            "found a number for normalizer.lowercase"),
        Bad("pre_tokenizer", #"{"type": "ByteLevel"}"#, "found a pre_tokenizer ByteLevel"),
        Bad("post_processor", #"{"type": "ByteLevel"}"#, "found a post_processor ByteLevel"),
        Bad("post_processor", #"{"type": "RobertaProcessing"}"#, "does not make a template"),
        Bad(
            "post_processor", #"{"type": "TemplateProcessing", "single": [], "pair": []}"#,
            "the post_processor does not make"),
        Bad(
            "post_processor", #"{"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 3]}"#,
            "the post_processor does not make"),
        Bad("post_processor", template(pair: "B A"), "the post_processor does not make"),
        Bad("post_processor", template(pair: "[CLS] A B B"), "the post_processor does not make"),
        Bad("post_processor", template(pair: "A:1 B:0"), "the post_processor does not make"),
        Bad("post_processor", template(pair: "A B:2"), "the post_processor does not make"),
        Bad("post_processor", template(single: "A B"), "the post_processor does not make"),
        Bad("post_processor", template(single: "[CLS] A", id: 3), "the post_processor does not make"),
        Bad(
            "added_tokens", #"[{"id": "two", "content": "[CLS]"}]"#,
            "found a string for id, expected a whole number"),
        Bad(
            "added_tokens", #"[{"id": 9, "content": "[CLS]"}]"#,
            "the added token '[CLS]' has the id 9, expected 2"),
        Bad(
            "added_tokens", #"[{"id": 2, "content": "[CLS]"}, {"id": 2, "content": "[CLS]"}]"#,
            "'[CLS]' appears twice"),
        Bad(
            "added_tokens", #"[{"content": "\u200b", "normalized": true}]"#,
            "which is empty after normalization"),
        Bad("truncation", #"{"direction": "Left"}"#, "found truncation.direction Left"),
        Bad("added_tokens", #"[{"id": 4}]"#, "found an added token without content"),
        Bad("added_tokens", "7", "found a number for added_tokens, expected a list"),
        Bad("version", "{", "expected a key in quotes"),
        Bad("version", #""\ud800""#, "found half of a surrogate pair"),
        Bad("version", #""\ud800\u0041""#, "found half of a surrogate pair"),
        Bad("version", String(repeating: "[", count: 100_000), "nest deeper than 128"),
    ]

    private static let badFiles = [
        Bad([:], at: "", "found neither tokenizer.json nor vocab.txt"),
        Bad(["merges.txt": ""], at: "", "found neither tokenizer.json nor vocab.txt"),
        Bad(["vocab.txt": ""], at: "vocab.txt", "found an empty file"),
        Bad(["vocab.txt": "[CLS]\n[SEP]\na\n"], at: "vocab.txt", "has no '[UNK]', the unknown token"),
        Bad(["vocab.txt": "[UNK]\n[SEP]\na\n"], at: "vocab.txt", "has no '[CLS]', the classifier token"),
        Bad(["vocab.txt": "[UNK]\n[CLS]\na\n"], at: "vocab.txt", "has no '[SEP]', the separator token"),
        Bad(["vocab.txt": "[UNK]\na\n"], at: "vocab.txt", "no file tells which tokenizer it belongs to"),
        Bad(["vocab.txt": small + "<s>\n"], at: "vocab.txt", "expected tokenizer_class in"),
        Bad(
            ["vocab.txt": small, "config.json": #"{"model_type": "roberta"}"#], at: "vocab.txt",
            "or another model_type than roberta in config.json"),
        Bad(
            ["vocab.txt": small, "tokenizer_config.json": #"{"tokenizer_class": "PhobertTokenizer"}"#],
            at: "tokenizer_config.json",
            "found the tokenizer_class PhobertTokenizer, but of those that read vocab.txt only BertTokenizer"),
        Bad(
            [
                "vocab.txt": small,
                "config.json": #"{"model_type": "bert", "tokenizer_class": "BertJapaneseTokenizer"}"#,
            ], at: "config.json", "found the tokenizer_class BertJapaneseTokenizer"),
        Bad(
            [
                "vocab.json": "{}", "merges.txt": "", "config.json": #"{"model_type": "bert"}"#,
                "tokenizer_config.json": #"{"tokenizer_class": "HerbertTokenizerFast"}"#,
            ], at: "tokenizer_config.json",
            "the tokenizer_class HerbertTokenizerFast, but of those that read merges.txt only RobertaTokenizer"
        ),
        Bad(
            ["vocab.json": "{}", "merges.txt": "", "config.json": #"{"model_type": "gpt2"}"#],
            at: "merges.txt", "no file says that it is RoBERTa's"),
        Bad(
            [
                "vocab.txt": small,
                "config.json": #"{"model_type": "mpnet", "bos_token_id": 0, "eos_token_id": 2}"#,
                "tokenizer_config.json": #"{"tokenizer_class": "BertTokenizer"}"#,
            ], at: "config.json", "found bos_token_id 0, but the tokenizer's id is 1"),
        Bad(["vocab.txt": small + "\nmore\n"], at: "vocab.txt:6", "found an empty token for id 5"),
        Bad(
            ["vocab.txt": small + "the\n"], at: "vocab.txt:6",
            "the token 'the' appears twice, as ids 3 and 5"),
        Bad(["tokenizer.json": ""], at: "tokenizer.json:1", "found nothing, expected JSON"),
        Bad(["tokenizer.json": "[]"], at: "tokenizer.json", "found a list, expected an object"),
        Bad(["tokenizer.json": "{}\n{}"], at: "tokenizer.json:2", "found '{' after the JSON value"),
        Bad(
            ["tokenizer.json": "{\"a\": \"b"], at: "tokenizer.json:1",
            "the text ends inside a string"),
        Bad(
            ["vocab.txt": small, "tokenizer_config.json": #"{"truncation_side": "left"}"#],
            at: "tokenizer_config.json", "found truncation_side left"),
        Bad(
            ["vocab.txt": small, "tokenizer_config.json": #"{"do_lower_case": "yes"}"#],
            at: "tokenizer_config.json", "found a string for do_lower_case"),
        Bad(
            ["vocab.txt": small, "special_tokens_map.json": #"{"cls_token": "<s>"}"#], at: "vocab.txt",
            "has no '<s>', the classifier token"),
        Bad(
            ["vocab.txt": small, "special_tokens_map.json": #"{"cls_token": 3}"#],
            at: "special_tokens_map.json", "found a number for cls_token"),
        Bad(
            [
                "vocab.txt": small,
                "tokenizer_config.json": #"{"added_tokens_decoder": {"9": {"content": "x"}}}"#,
            ], at: "tokenizer_config.json", "has the id 9, expected 5"),
        Bad(
            ["vocab.txt": small, "added_tokens.json": #"{"x": "y"}"#], at: "added_tokens.json",
            "found a string for 'x', expected its id"),
    ]

    @Test(arguments: badSections) func badSectionIsNamed(_ bad: Bad) throws {
        let file = try Goldens.tokenizerFile([bad.files["section"] ?? "": bad.files["value"] ?? ""])
        try expectFailure(["tokenizer.json": Data(file.utf8)], bad.place, bad.says)
    }

    @Test(arguments: badFiles) func badFileIsNamed(_ bad: Bad) throws {
        try expectFailure(bad.files.mapValues { Data($0.utf8) }, bad.place, bad.says)
    }

    @Test func bytesThatAreNotUTF8AreNamedByLine() throws {
        let vocabulary = Data("[UNK]\n[CLS]\n".utf8) + Data([0x63, 0xE9, 0x0A])
        try expectFailure(["vocab.txt": vocabulary], "vocab.txt:3", "found bytes that are not UTF-8")
    }

    private func expectFailure(_ files: [String: Data], _ place: String, _ says: String) throws {
        try Goldens.withFolder(bytes: files) { directory in
            let failure = #expect(throws: Failure.self) { try TokenizerFolder.load(directory) }
            #expect(failure?.kind == .data)
            #expect(failure?.message.contains(says) == true, "\(failure?.message ?? "")")
            let expected = place.isEmpty ? directory : "\(directory)/\(place)"
            #expect(failure?.location?.hasPrefix(expected) == true, "\(failure?.location ?? "")")
        }
    }

    @Test func theFilesOwnTruncationAndPaddingAreIgnored() throws {
        let tokenizer = try Goldens.load(["tokenizer.json": Goldens.tokenizerFile()])
        let text = String(repeating: "the cat ", count: 20)
        #expect(try tokenizer.encode(text, nil, limit: 100).ids.count == 42)
        #expect(try tokenizer.encode("the", nil, limit: 100).ids.count == 3)
    }

    @Test func filesThatDisagreeAreAFailure() throws {
        for (configuration, agrees) in [
            (#"{"do_lower_case": true}"#, true), (#"{"strip_accents": null}"#, true), ("{}", true),
            (#"{"do_lower_case": false}"#, false), (#"{"strip_accents": false}"#, false),
            (#"{"tokenize_chinese_chars": false}"#, false),
        ] {
            let files = [
                "tokenizer.json": try Goldens.tokenizerFile(), "tokenizer_config.json": configuration,
            ]
            if agrees {
                _ = try Goldens.load(files)
            } else {
                try expectFailure(
                    files.mapValues { Data($0.utf8) }, "tokenizer_config.json", "but tokenizer.json says true"
                )
            }
        }
    }

    /// Only a class of its own supplies a stage that the file lacks.
    @Test(arguments: ["pre_tokenizer", "post_processor"])
    func stagesThatAGenericTokenizerDoesWithoutAreRefused(stage: String) throws {
        let file = try Goldens.tokenizerFile([stage: "null"])
        _ = try Goldens.load([
            "tokenizer.json": file, "tokenizer_config.json": #"{"tokenizer_class": "BertTokenizer"}"#,
        ])
        for name in ["PreTrainedTokenizerFast", "TokenizersBackend"] {
            let generic = #"{"tokenizer_class": "\#(name)"}"#
            try expectFailure(
                ["tokenizer.json": Data(file.utf8), "tokenizer_config.json": Data(generic.utf8)],
                "tokenizer.json", "found no \(stage)")
        }
    }

    @Test func specialTokensMayHaveOtherNames() throws {
        let map = #"{"cls_token": {"content": "<s>"}, "sep_token": "</s>", "unk_token": "<unk>"}"#
        let tokenizer = try Goldens.load([
            "vocab.txt": "<unk>\n<s>\n</s>\nthe\n", "special_tokens_map.json": map,
            "config.json": #"{"model_type": "electra"}"#,
        ])
        #expect(try tokenizer.encode("the x </s> <S>", nil, limit: 9).ids == [1, 3, 0, 2, 0, 0, 0, 2])
    }

    @Test func addedTokensFollowTheVocabulary() throws {
        let tokenizer = try Goldens.load([
            "vocab.txt": Self.small, "added_tokens.json": #"{"<b>": 6, "<A>": 5}"#,
            "special_tokens_map.json": #"{"additional_special_tokens": ["<b>", "<C>"]}"#,
        ])
        #expect(tokenizer.vocabularySize == 8)
        #expect((5..<8).map { tokenizer.token($0) } == ["<A>", "<b>", "<C>"])
        #expect(try tokenizer.encode("<a><b><C>", nil, limit: 9).ids == [1, 5, 6, 7, 2])
        #expect(try tokenizer.encode("<c>", nil, limit: 9).ids == [1, 0, 0, 0, 2])
    }

    @Test func byteOrderMarkAndWindowsLinesAreRead() throws {
        let lines = "\u{FEFF}" + Self.small.replacingOccurrences(of: "\n", with: "\r\n")
        let tokenizer = try Goldens.load(["vocab.txt": lines])
        #expect(tokenizer.vocabularySize == 5)
        #expect(try tokenizer.encode("the thes", nil, limit: 9).ids == [1, 3, 3, 4, 2])
    }
}
