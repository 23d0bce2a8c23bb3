import Encoders
import Tasks
import TestSupport
import Testing
import Tokenizers
import Training

@Suite("Tokenized examples")
struct TokenizedExamplesTests {
    static let texts: [(String, String?)] = [
        ("the red cat runs.", nil), ("a dog", "the bird sings over the river."), ("", nil),
        ("the green fish sleeps slowly and the blue bird eats", "unhappy"),
    ]

    private func examples(_ name: String = "task/train", limit: Int = 32) throws -> TokenizedExamples {
        try TokenizedExamples(
            Self.texts.enumerated().map {
                Example(first: $1.0, second: $1.1, target: .label($0), index: $0, line: $0 + 2)
            }, name: name, try TokenizerFolder.load(TinyModel.directory), maximumTokens: limit)
    }

    @Test(
        "A batch packs each example's ids and segments from the tokenizer", arguments: [32, 8, 4])
    func packing(limit: Int) throws {
        let tokenizer = try TokenizerFolder.load(TinyModel.directory)
        let examples = try examples(limit: limit)
        let order = [3, 0, 3, 1, 2]
        let batch = examples.batch(order)
        #expect(batch.count == order.count)
        for (sequence, example) in order.enumerated() {
            let (first, second) = Self.texts[example]
            let expected = try tokenizer.encode(first, second, limit: limit)
            let range = batch.range(sequence)
            #expect(Array(batch.ids[range]) == expected.ids)
            #expect(Array(batch.segments[range]) == expected.segments)
            #expect(range.count == examples.tokens(example) && range.count <= limit)
        }
    }

    @Test("Examples keep their order and targets, and tokens are counted")
    func counts() throws {
        let examples = try examples()
        #expect(examples.count == 4)
        #expect(examples.targets == (0..<4).map { .label($0) })
        #expect(examples.totalTokens == (0..<4).reduce(0) { $0 + examples.tokens($1) })
        #expect(examples.tokens(2) == 2, "an empty text is [CLS] [SEP]")
        #expect(examples.batch([]).count == 0)
    }

    @Test("Dropout keys depend on the split and the example, not on the batch")
    func keys() throws {
        let (train, dev) = (try examples(), try examples("task/dev"))
        #expect(train.batch([2, 0]).keys == [train.batch([2]).keys[0], train.batch([0]).keys[0]])
        #expect(Set(train.batch(0..<4).keys + dev.batch(0..<4).keys).count == 8)
    }
}
