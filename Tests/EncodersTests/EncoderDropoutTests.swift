import Encoders
import Kernels
import TestSupport
import Testing

@Suite("Dropout in the encoder")
struct EncoderDropoutTests {
    let tiny: TinyModel

    init() throws { tiny = try TinyModel() }

    private func hidden(_ dropout: EncoderDropout, _ batch: PackedBatch? = nil) -> [Float] {
        tiny.hidden(batch, nil, dropout: dropout)
    }

    @Test(
        "An example has the same masks in any micro-batch",
        arguments: [
            [0], [3], [2, 1], [3, 2, 1, 0], [0, 0],
        ])
    func masksFollowTheExample(sequences: [Int]) {
        let d = tiny.weights.configuration.hidden
        let dropout = EncoderDropout(hidden: 0.3, attention: 0.3, seed: 5, step: 11)
        let batch = tiny.batch(of: sequences)
        let (whole, found) = (hidden(dropout), hidden(dropout, batch))
        for (index, sequence) in sequences.enumerated() {
            let (range, own) = (tiny.batch.range(sequence), batch.range(index))
            // A mask that differed in one element would move hidden states by tenths.
            let difference = mismatch(
                Array(found[(own.lowerBound * d)..<(own.upperBound * d)]),
                Array(whole[(range.lowerBound * d)..<(range.upperBound * d)]), Tolerance(absolute: 1e-5))
            #expect(difference == nil)
        }
    }

    @Test("Seed, step, example and either probability make other masks; none makes none")
    func masksDiffer() {
        var renamed = PackedBatch()
        for sequence in 0..<tiny.batch.count {
            let range = tiny.batch.range(sequence)
            renamed.append(
                ids: Array(tiny.batch.ids[range]), segments: Array(tiny.batch.segments[range]), key: 7)
        }
        let results = [
            hidden(EncoderDropout(hidden: 0.3, attention: 0.3, seed: 5, step: 11)),
            hidden(EncoderDropout(hidden: 0.3, attention: 0.3, seed: 6, step: 11)),
            hidden(EncoderDropout(hidden: 0.3, attention: 0.3, seed: 5, step: 12)),
            hidden(EncoderDropout(hidden: 0.3, attention: 0, seed: 5, step: 11)),
            hidden(EncoderDropout(hidden: 0, attention: 0.3, seed: 5, step: 11)),
            hidden(EncoderDropout(hidden: 0.3, attention: 0.3, seed: 5, step: 11), renamed),
            hidden(.none),
        ]
        #expect(Set(results).count == results.count)
        #expect(hidden(EncoderDropout(hidden: 0, attention: 0, seed: 5, step: 11)) == hidden(.none))
    }

    @Test("The embeddings' output is dropped too: an element is 0 or divided by what is kept")
    func embeddingsAreDropped() throws {
        let dropout = EncoderDropout(hidden: 0.25, attention: 0, seed: 5, step: 11)
        var seen: [Int: [Float]] = [:]
        let workspace = Workspace()
        _ = Encoder(tiny.weights, dropout: dropout).forward(tiny.batch, nil, workspace) {
            seen[$0] = $1.values
        }
        let embeddings = try #require(seen[-1])
        let expected = try zip(embeddings, tiny.golden.floats("hidden.embeddings")).map {
            $0 == 0 ? 0 : $1 / 0.75
        }
        #expect(mismatch(embeddings, expected, Tolerance(absolute: 1e-6, relative: 3e-6)) == nil)
        let share = Double(embeddings.count { $0 == 0 }) / Double(embeddings.count)
        // 696 elements: the share scatters by 0.016.
        #expect((0.17...0.33).contains(share))
    }
}
