import Testing
import Tokenizers

/// Ids of hard Unicode text against the reference tokenizer.
@Suite struct WordPieceTests {
    @Test(arguments: 0..<14) func tokenizerFileGivesTheReferenceIds(_ index: Int) throws {
        let cases = try Goldens.read("cases.json", as: Goldens.Cases.self)
        #expect(cases.settings.count == 14)
        let file = try Goldens.tokenizerFile(["normalizer": cases.settings[index].normalizer])
        try expect(cases, index, Goldens.load(["tokenizer.json": file]))
    }

    @Test(arguments: 0..<12) func vocabularyFileGivesTheReferenceIds(_ index: Int) throws {
        let cases = try Goldens.read("cases.json", as: Goldens.Cases.self)
        let files = [
            "vocab.txt": try Goldens.text("vocab.txt"),
            "tokenizer_config.json": cases.settings[index].configuration,
        ]
        try expect(cases, index, Goldens.load(files))
    }

    private func expect(_ cases: Goldens.Cases, _ index: Int, _ tokenizer: any Tokenizer) throws {
        #expect(cases.texts.count == cases.ids[index].count)
        for (text, ids) in zip(cases.texts, cases.ids[index]) {
            let encoding = try tokenizer.encode(text, nil, limit: .max)
            #expect(encoding.joined == ids, "\(cases.settings[index]): \(text.debugDescription)")
            #expect(encoding.segments == encoding.ids.map { _ in 0 })
        }
    }

    @Test func addedTokensAreFoundAsTheReferenceFindsThem() throws {
        struct Added: Decodable {
            var section: String
            var count: Int
            var texts: [String]
            var ids: [String]
        }
        let added = try Goldens.read("added.json", as: Added.self)
        let file = try Goldens.tokenizerFile(["added_tokens": added.section])
        let tokenizer = try Goldens.load(["tokenizer.json": file])
        #expect(tokenizer.vocabularySize == added.count)
        for (text, ids) in zip(added.texts, added.ids) {
            #expect(try tokenizer.encode(text, nil, limit: .max).joined == ids, "\(text.debugDescription)")
        }
    }

    @Test func canonicallyEquivalentTokensAreTwoTokens() throws {
        let vocabulary = "[UNK]\n[CLS]\n[SEP]\n\u{E9}\ne\u{301}\n"
        let configuration = #"{"do_lower_case": false}"#
        let file = try Goldens.tokenizerFile([
            "added_tokens": "[]", "post_processor": "null",
            "normalizer": #"{"type": "BertNormalizer", "lowercase": false, "strip_accents": false}"#,
            "model":
                #"{"type": "WordPiece", "vocab": {"[UNK]":0,"[CLS]":1,"[SEP]":2,"\#u{E9}":3,"e\#u{301}":4}}"#,
        ])
        for files in [
            ["vocab.txt": vocabulary, "tokenizer_config.json": configuration], ["tokenizer.json": file],
        ] {
            let tokenizer = try Goldens.load(files)
            #expect(tokenizer.vocabularySize == 5)
            #expect(try tokenizer.encode("\u{E9} e\u{301}", nil, limit: 9).ids == [1, 3, 4, 2])
            #expect(tokenizer.token(4).map { Array($0.unicodeScalars) } == ["e", "\u{301}"])
        }
    }

    @Test func tokensHaveNamesAndOtherIdsHaveNone() throws {
        let tokenizer = try Goldens.load(["tokenizer.json": Goldens.tokenizerFile()])
        #expect(tokenizer.name == "wordpiece")
        #expect(tokenizer.token(2) == "[CLS]")
        #expect(tokenizer.token(-1) == nil)
        #expect(tokenizer.token(Int32(tokenizer.vocabularySize)) == nil)
        #expect(tokenizer.token(.max) == nil)
    }

    @Test func identityFollowsVocabularyAndSettings() throws {
        let base = try Goldens.load(["tokenizer.json": Goldens.tokenizerFile()]).identity
        #expect(base.count == 32)
        #expect(
            try Goldens.load(["tokenizer.json": Goldens.tokenizerFile(["truncation": "null"])]).identity
                == base)
        #expect(try Goldens.load(["vocab.txt": Goldens.text("vocab.txt")]).identity == base)
        let vocabulary = try Goldens.text("vocab.txt")
        let others = [
            ["vocab.txt": vocabulary + "more\n"],
            ["vocab.txt": vocabulary, "tokenizer_config.json": #"{"do_lower_case": false}"#],
            ["vocab.txt": vocabulary, "tokenizer_config.json": #"{"strip_accents": false}"#],
            ["vocab.txt": vocabulary, "tokenizer_config.json": #"{"tokenize_chinese_chars": false}"#],
            ["vocab.txt": vocabulary, "special_tokens_map.json": #"{"additional_special_tokens": ["cat"]}"#],
        ]
        let identities = try others.map { try Goldens.load($0).identity }
        #expect(Set(identities + [base]).count == others.count + 1)
    }

    @Test func threadsShareOneTokenizer() async throws {
        let tokenizer = try Goldens.load(["tokenizer.json": Goldens.tokenizerFile()])
        let texts = try Goldens.read("cases.json", as: Goldens.Cases.self).texts
        let expected = try texts.map { try tokenizer.encode($0, "the cat", limit: 40) }
        try await withThrowingTaskGroup(of: [Encoding].self) { group in
            for _ in 0..<4 {
                group.addTask { try texts.map { try tokenizer.encode($0, "the cat", limit: 40) } }
            }
            for try await found in group { #expect(found == expected) }
        }
    }
}
