import Diagnostics
import Testing
import Tokenizers

/// Pairs and limits against the reference tokenizer's longest-first truncation.
@Suite struct PairTests {
    private struct Cases: Decodable {
        var pairs: [[Field]]
        var singles: [[Field]]
    }

    private enum Field: Decodable {
        case number(Int)
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        var number: Int { if case .number(let number) = self { number } else { -1 } }
        var text: String { if case .text(let text) = self { text } else { "" } }
    }

    private func repeated(_ word: String, _ count: Int) -> String {
        [String](repeating: word, count: count).joined(separator: " ")
    }

    @Test func pairsAreCutAsTheReferenceCutsThem() throws {
        let tokenizer = try Goldens.load(["tokenizer.json": Goldens.tokenizerFile()])
        let cases = try Goldens.read("cases.json", as: Cases.self).pairs
        #expect(cases.count == 490)
        for fields in cases {
            let (first, second, limit) = (fields[0].number, fields[1].number, fields[2].number)
            let encoding = try tokenizer.encode(repeated("cat", first), repeated("mat", second), limit: limit)
            #expect(encoding.joined == fields[3].text, "\(first) and \(second) tokens in \(limit)")
            #expect(encoding.segments.map(String.init).joined(separator: " ") == fields[4].text)
        }
    }

    @Test func singleTextsLoseTheirEnd() throws {
        let tokenizer = try Goldens.load(["tokenizer.json": Goldens.tokenizerFile()])
        let cases = try Goldens.read("cases.json", as: Cases.self).singles
        #expect(cases.count == 77)
        for fields in cases {
            let encoding = try tokenizer.encode(
                repeated("cat", fields[0].number), nil, limit: fields[1].number)
            #expect(encoding.joined == fields[2].text)
        }
    }

    @Test(arguments: [(nil, 2), (nil, 0), (nil, -1), (nil, Int.min), ("mat", 3), ("mat", 0), ("", 3)])
    func limitWithoutRoomForTextIsAFailure(_ second: String?, _ limit: Int) throws {
        let tokenizer = try Goldens.load(["tokenizer.json": Goldens.tokenizerFile()])
        let failure = #expect(throws: Failure.self) { try tokenizer.encode("cat", second, limit: limit) }
        #expect(failure?.kind == .usage)
        #expect(failure?.remedy == "allow at least \(second == nil ? 3 : 4) tokens")
    }

    /// RoBERTa's form, with BERT's names for the tokens: `<s> A </s></s> B </s>`, all in one segment.
    private static let oneSegment = Goldens.template(
        single: "[CLS] A [SEP]", pair: "[CLS] A [SEP] [SEP] B [SEP]", tokens: ["[CLS]": [2], "[SEP]": [3]])

    @Test func theTemplateComesFromTheFile() throws {
        let bert = try Goldens.load(["tokenizer.json": Goldens.tokenizerFile()])
        let tokenizer = try Goldens.load([
            "tokenizer.json": Goldens.tokenizerFile(["post_processor": Self.oneSegment])
        ])
        let (cat, mat) = try (
            bert.encode("cat", nil, limit: 9).ids[1], bert.encode("mat", nil, limit: 9).ids[1]
        )
        let pair = try tokenizer.encode("cat", "mat", limit: 9)
        #expect(pair.ids == [2, cat, 3, 3, mat, 3])
        #expect(pair.segments == [0, 0, 0, 0, 0, 0])
        #expect(try bert.encode("cat", "mat", limit: 9).segments == [0, 0, 0, 1, 1])
        #expect(tokenizer.segmentsOfPair == 1)
        #expect(bert.segmentsOfPair == 2)
        #expect(tokenizer.identity != bert.identity)
    }

    @Test func theTemplatesOwnTokensCountTowardsTheLimit() throws {
        let tokenizer = try Goldens.load([
            "tokenizer.json": Goldens.tokenizerFile(["post_processor": Self.oneSegment])
        ])
        #expect(try tokenizer.encode("cat cat cat", "mat mat", limit: 7).ids.count == 7)
        let failure = #expect(throws: Failure.self) { try tokenizer.encode("cat", "mat", limit: 4) }
        #expect(failure?.remedy == "allow at least 5 tokens")
    }

    @Test func aTemplateWithoutSpecialTokensAddsNone() throws {
        let tokenizer = try Goldens.load([
            "tokenizer.json": Goldens.tokenizerFile([
                "post_processor": Goldens.template(single: "A", pair: "A B:1", tokens: [:])
            ])
        ])
        #expect(try tokenizer.encode("cat", nil, limit: 1).ids.count == 1)
        #expect(try tokenizer.encode("cat", "mat", limit: 2).segments == [0, 1])
    }
}
