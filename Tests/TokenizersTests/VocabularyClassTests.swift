import Testing
import Tokenizers

/// A vocab.txt alone is read as the tokenizer that the folder tells.
@Suite struct VocabularyClassTests {
    struct Cases: Decodable {
        struct Setting: Decodable {
            let configuration: String
            let ids, pairs, segments: [[Int32]]
        }

        let texts: [String]
        let pairs: [[String]]
        let settings: [Setting]
    }

    private static func vocabulary() throws -> String {
        try "<s>\n<pad>\n</s>\n<unk>\n\(Goldens.text("vocab.txt"))<mask>\n"
    }

    @Test("MPNet's texts and pairs have the reference's ids, under every setting", arguments: 0..<4)
    func reference(index: Int) throws {
        let cases = try Goldens.read("mpnet-cases.json", as: Cases.self)
        let setting = cases.settings[index]
        let tokenizer = try Goldens.load([
            "vocab.txt": Self.vocabulary(), "tokenizer_config.json": setting.configuration,
        ])
        for (text, ids) in zip(cases.texts, setting.ids) {
            #expect(try tokenizer.encode(text, nil, limit: .max).ids == ids, "\(text.debugDescription)")
        }
        for (index, pair) in cases.pairs.enumerated() {
            let found = try tokenizer.encode(pair[0], pair[1], limit: .max)
            #expect(found.ids == setting.pairs[index] && found.segments == setting.segments[index], "\(pair)")
        }
        #expect(tokenizer.segmentsOfPair == 1)
    }

    @Test(
        arguments: [
            (#"{"model_type": "mpnet"}"#, "{}", true), (#"{"model_type": "bert"}"#, "{}", false),
            (#"{"model_type": "distilbert"}"#, #"{"tokenizer_class": null}"#, false),
            (#"{"model_type": "bert"}"#, #"{"tokenizer_class": "MPNetTokenizer"}"#, true),
            (#"{"model_type": "roberta"}"#, #"{"tokenizer_class": "BertTokenizerFast"}"#, false),
            (#"{"model_type": "mpnet"}"#, #"{"tokenizer_class": "PreTrainedTokenizerFast"}"#, true),
            (#"{"model_type": "roberta", "tokenizer_class": "ElectraTokenizer"}"#, "{}", false),
        ])
    func theClassComesBeforeTheFamily(model: String, configuration: String, isMPNet: Bool) throws {
        let tokenizer = try Goldens.load([
            "vocab.txt": Self.vocabulary(), "config.json": model, "tokenizer_config.json": configuration,
        ])
        let ids = try tokenizer.encode("the", "the", limit: 9).ids
        #expect(ids == (isMPNet ? [0, 9, 2, 2, 9, 2] : [6, 9, 7, 9, 7]))
    }
}
