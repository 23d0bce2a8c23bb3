import Collectives
import Coordination
import Diagnostics
import Encoders
import Studies
import Synchronization
import Tasks
import TestSupport
import Testing
import Tokenizers
import Training

/// The ranks of a node tokenize each text once and share the tokens.
@Suite struct NodeTokensTests {
    private static let texts = [
        "red dog", "blue cat over the river", "", "a green bird", "unhappy", "the stone", "day and night",
    ]

    private static func examples(_ texts: [String]) -> [Example] {
        texts.enumerated().map { index, text in
            Example(
                first: text, second: index % 2 == 0 ? nil : "a tree", target: nil, index: index,
                line: index + 1)
        }
    }

    private static func tokenized(
        _ texts: [String], _ tokenizer: any Tokenizer, in memory: some TokenMemory
    ) throws -> TokenizedExamples {
        try TokenizedExamples(
            examples(texts), name: "task/train", tokenizer, maximumTokens: 8, in: memory)
    }

    @Test("Shared tokens are those of one process, and each text is tokenized once", arguments: [1, 2, 3, 9])
    func onceEach(ranks: Int) throws {
        let tokenizer = CountingTokenizer(try TokenizerFolder.load(TinyModel.directory))
        let alone = try Self.tokenized(Self.texts, tokenizer, in: PrivateTokens())
        let before = tokenizer.count
        let shared = try ThreadWorld.run(ranks) { world in
            try Self.tokenized(Self.texts, tokenizer, in: NodeTokens(world))
        }
        #expect(tokenizer.count - before == Self.texts.count)
        for examples in shared {
            #expect(examples.hasTokens(of: alone) && examples.fingerprint == alone.fingerprint)
            let (batch, own) = (examples.batch([6, 0, 2, 1]), alone.batch([6, 0, 2, 1]))
            #expect(batch.ids == own.ids && batch.segments == own.segments && batch.keys == own.keys)
        }
    }

    @Test("Out of bounds tokens of any rank's part are refused on all")
    func bounds() throws {
        let weights = try EncoderWeights(directory: TinyModel.directory)
        let short = weights.configuration.positions
        let texts = Self.texts.dropLast() + [String(repeating: "red ", count: 2 * short)]
        let tokenizer = try TokenizerFolder.load(TinyModel.directory)
        let failures = try ThreadWorld.run(3) { world in
            let examples = try TokenizedExamples(
                Self.examples(Array(texts)), name: "task/train", tokenizer, maximumTokens: 2 * short,
                in: NodeTokens(world))
            return #expect(throws: Failure.self) { try examples.check(against: weights.configuration) }
        }
        #expect(failures.allSatisfy { "\(String(describing: $0))".contains("positions") })
    }

    @Test("Ranks that read other texts are refused")
    func otherTexts() throws {
        let tokenizer = try TokenizerFolder.load(TinyModel.directory)
        let failure = #expect(throws: Failure.self) {
            try ThreadWorld.run(2) { world in
                let texts = world.rank == 0 ? Self.texts : Self.texts.dropLast() + ["day"]
                return try Self.tokenized(texts, tokenizer, in: NodeTokens(world)).count
            }
        }
        #expect(failure?.description.contains("data of task/train: differs between ranks: 7 texts") == true)
    }

    @Test("Ranks with another tokenizer are refused, before they tokenize parts")
    func otherTokenizers() throws {
        let tokenizer = try TokenizerFolder.load(TinyModel.directory)
        let failure = #expect(throws: Failure.self) {
            try ThreadWorld.run(2) { world in
                let own = CountingTokenizer(tokenizer, identity: "\(world.rank)")
                return try Self.tokenized(Self.texts, own, in: NodeTokens(world)).count
            }
        }
        #expect(failure?.description.contains("tokenizer: differs between ranks: checksum 0") == true)
    }

    @Test("A file that one rank cannot read fails all ranks")
    func together() throws {
        let failures = try ThreadWorld.run(3) { world in
            let memory = try NodeTokens(world)
            return #expect(throws: Failure.self) {
                try memory.together {
                    if world.rank == 1 { throw Failure.data("no readable file", at: "train.tsv") }
                }
            }
        }
        #expect(failures.allSatisfy { $0?.location == "train.tsv" })
    }
}
