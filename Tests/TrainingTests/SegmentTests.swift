import Adapters
import Diagnostics
import Encoders
import Tasks
import TestSupport
import Testing
import Tokenizers
import Training

@Suite("Segments of pairs")
struct SegmentTests {
    /// A tokenizer whose template puts both texts of a pair into one segment, as RoBERTa's does.
    private struct OneSegment: Tokenizer {
        let base: any Tokenizer
        var name: String { base.name }
        var identity: String { base.identity }
        var vocabularySize: Int { base.vocabularySize }
        var segmentsOfPair: Int { 1 }
        func token(_ id: Int32) -> String? { base.token(id) }
        func encode(_ first: String, _ second: String?, limit: Int) throws -> Encoding {
            let ids = try base.encode(first, second, limit: limit).ids
            return Encoding(ids: ids, segments: ids.map { _ in 0 })
        }
    }

    @Test("A task of pairs needs the segments that the tokenizer's template uses, and no more")
    func segmentsOfPairs() throws {
        let folder = try TinyModel.withOneSegment()
        let model = try AdaptedModel(EncoderWeights(directory: folder.path), Hadamard(), HeadSettings())
        let tokenizer = try TokenizerFolder.load(folder.path)
        let pairs = try GLUE.task(named: "rte")
        let failure = #expect(throws: Failure.self) {
            try model.check(tokenizer, maximumTokens: 8, tasks: [pairs])
        }
        #expect(
            failure?.message.hasPrefix("'rte' is a task of pairs, and the backbone has one segment") == true)
        try model.check(tokenizer, maximumTokens: 8, tasks: [GLUE.task(named: "sst2")])

        let other = OneSegment(base: tokenizer)
        try model.check(other, maximumTokens: 8, tasks: [pairs])
        let examples = try TokenizedExamples(
            [Example(first: "the red cat", second: "a dog", target: .label(0), index: 0, line: 2)],
            name: "rte/train", other, maximumTokens: 8)
        try examples.check(against: model.weights.configuration)
    }
}
