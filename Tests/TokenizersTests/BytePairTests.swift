import Diagnostics
import Foundation
import Testing
import Tokenizers

/// Byte-level BPE against Hugging Face's `tokenizers`.
@Suite struct BytePairTests {
    struct Cases: Decodable {
        struct Setting: Decodable {
            let addPrefixSpace, useRegex, ignoreMerges: Bool
            let ids, pairs: [[Int32]]
        }

        let texts: [String]
        let pairs: [[String]]
        let settings: [Setting]
    }

    /// The tokenizer file with other settings.
    private static func file(_ setting: Cases.Setting) throws -> String {
        try Goldens.text("bytelevel.json")
            .replacing(
                "\"add_prefix_space\": false, \"trim_offsets\": true, \"use_regex\": true",
                with: "\"add_prefix_space\": \(setting.addPrefixSpace), \"use_regex\": \(setting.useRegex)"
            )
            .replacing("\"ignore_merges\": false", with: "\"ignore_merges\": \(setting.ignoreMerges)")
    }

    @Test("Texts and pairs have the reference's ids, under every setting", arguments: 0..<6)
    func reference(index: Int) throws {
        let cases = try Goldens.read("bytelevel-cases.json", as: Cases.self)
        let setting = cases.settings[index]
        let tokenizer = try Goldens.load(["tokenizer.json": Self.file(setting)])
        for (text, ids) in zip(cases.texts, setting.ids) {
            let found = try tokenizer.encode(text, nil, limit: 1 << 20)
            #expect(found.ids == ids, "\(text.debugDescription)")
            #expect(found.segments.allSatisfy { $0 == 0 })
        }
        for (pair, ids) in zip(cases.pairs, setting.pairs) {
            #expect(try tokenizer.encode(pair[0], pair[1], limit: 1 << 20).ids == ids, "\(pair)")
        }
        #expect(tokenizer.segmentsOfPair == 1)
    }

    @Test("Settings that change an id change the identity")
    func identity() throws {
        let cases = try Goldens.read("bytelevel-cases.json", as: Cases.self)
        let identities = try cases.settings.map { setting in
            try Goldens.load(["tokenizer.json": Self.file(setting)]).identity
        }
        #expect(Set(identities).count == cases.settings.count)
    }

    private struct Model: Decodable {
        struct Body: Decodable {
            let vocab: [String: Int]
            let merges: [[String]]
        }
        let model: Body
    }

    /// The older files of the same tokenizer.
    private static func olderFiles() throws -> [String: String] {
        let model = try Goldens.read("bytelevel.json", as: Model.self).model
        let vocabulary = try String(decoding: JSONEncoder().encode(model.vocab), as: UTF8.self)
        let merges = model.merges.map { $0.joined(separator: " ") }.joined(separator: "\n")
        return [
            "vocab.json": vocabulary, "merges.txt": "#version: 0.2\n\(merges)\n",
            "tokenizer_config.json": #"{"mask_token": {"content": "<mask>", "lstrip": true}}"#,
        ]
    }

    @Test("vocab.json and merges.txt make the same tokenizer")
    func olderFiles() throws {
        let cases = try Goldens.read("bytelevel-cases.json", as: Cases.self)
        let tokenizer = try Goldens.load(Self.olderFiles())
        for (text, ids) in zip(cases.texts, cases.settings[0].ids) {
            #expect(try tokenizer.encode(text, nil, limit: 1 << 20).ids == ids, "\(text.debugDescription)")
        }
    }

    @Test("Added tokens beside vocab.json get the next ids, and are split off first")
    func addedTokens() throws {
        var files = try Self.olderFiles()
        let own = try Goldens.load(files)
        files["added_tokens.json"] = "{\"<entity>\": \(own.vocabularySize)}"
        let tokenizer = try Goldens.load(files)
        let ids = try tokenizer.encode("a <entity> b", nil, limit: 99).ids
        #expect(ids.contains(Int32(own.vocabularySize)), "\(ids)")
        #expect(try !own.encode("a <entity> b", nil, limit: 99).ids.contains(Int32(own.vocabularySize)))
    }

    @Test("A blank before the first word that the files disagree on is a failure")
    func disagreement() throws {
        let text = try Goldens.text("bytelevel.json")
        func files(_ adds: Bool) -> [String: String] {
            ["tokenizer.json": text, "tokenizer_config.json": "{\"add_prefix_space\": \(adds)}"]
        }
        _ = try Goldens.load(files(false))
        let failure = #expect(throws: Failure.self) { try Goldens.load(files(true)) }
        #expect(failure?.message == "found add_prefix_space true, but tokenizer.json says false")
    }

    @Test("A damaged merge is named by its line", arguments: ["Ġt", "a b c", "zz q"])
    func damagedMerges(line: String) throws {
        var files = try Self.olderFiles()
        files["merges.txt"] = "#version: 0.2\n\(line)\n"
        let failure = #expect(throws: Failure.self) { try Goldens.load(files) }
        #expect(failure?.location?.hasSuffix("merges.txt:2") == true, "\(String(describing: failure))")
    }

    @Test(
        "Stages of other tokenizers are refused by name",
        arguments: [
            (
                "\"type\": \"ByteLevel\", \"add_prefix_space\"", "\"type\": \"Whitespace\", \"x\"",
                "Whitespace"
            ),
            ("\"byte_fallback\": false", "\"byte_fallback\": true", "byte_fallback"),
            ("\"continuing_subword_prefix\": null", "\"continuing_subword_prefix\": \"##\"", "'##'"),
            ("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}", "NFC"),
        ])
    func refusals(old: String, new: String, name: String) throws {
        let text = try Goldens.text("bytelevel.json")
        #expect(text.contains(old))
        let failure = #expect(throws: Failure.self) {
            try Goldens.load(["tokenizer.json": text.replacing(old, with: new)])
        }
        #expect(failure?.message.contains(name) == true, "\(String(describing: failure))")
    }
}
