import Diagnostics
import Encoders
import TestSupport
import Testing

@Suite("Packed sequences")
struct PackedBatchTests {
    let tiny: TinyModel
    let d: Int

    init() throws {
        tiny = try TinyModel()
        d = tiny.weights.configuration.hidden
    }

    /// The rows of a sequence.
    private func part(_ hidden: [Float], _ batch: PackedBatch, _ sequence: Int) -> [Float] {
        let range = batch.range(sequence)
        return Array(hidden[(range.lowerBound * d)..<(range.upperBound * d)])
    }

    @Test("No sequence sees another: changed tokens leave every other sequence's bits", arguments: 0..<4)
    func sequencesAreApart(changed: Int) {
        var other = PackedBatch()
        for sequence in 0..<tiny.batch.count {
            let range = tiny.batch.range(sequence)
            let ids = tiny.batch.ids[range].map { sequence == changed ? ($0 + 7) % 60 : $0 }
            other.append(
                ids: ids, segments: Array(tiny.batch.segments[range]), key: tiny.batch.keys[sequence])
        }
        let (before, after) = (tiny.hidden(), tiny.hidden(other))
        for sequence in 0..<tiny.batch.count {
            let difference = differingBits(part(after, other, sequence), part(before, tiny.batch, sequence))
            #expect((difference == nil) == (sequence != changed), "sequence \(sequence)")
        }
    }

    @Test("No gradient crosses from one sequence to another", arguments: 0..<4)
    func gradientsAreApart(upstreamOf chosen: Int) throws {
        let upstream = try tiny.golden.floats("upstream").enumerated().map { index, value in
            tiny.batch.range(chosen).contains(index / d) ? value : 0
        }
        let adaptation = TrainableSites(tiny.weights, lowest: LayerSite(0, .heads), distance: 0.1)
        for (_, gradient) in tiny.backward(upstream, adaptation) {
            for sequence in 0..<tiny.batch.count {
                let isZero = part(gradient, tiny.batch, sequence).allSatisfy { $0 == 0 }
                #expect(isZero == (sequence != chosen))
            }
        }
    }

    @Test(
        "A sequence by itself, or in another order, has the same hidden states",
        arguments: [
            [0], [1], [2], [3], [3, 1], [2, 0, 3, 1], [1, 1, 1],
        ])
    func compositionsAgree(sequences: [Int]) {
        let batch = tiny.batch(of: sequences)
        let (hidden, whole) = (tiny.hidden(batch), tiny.hidden())
        for (index, sequence) in sequences.enumerated() {
            // A product of another number of rows rounds otherwise.
            let tolerance = Tolerance(absolute: 1e-6, relative: 3e-6)
            #expect(mismatch(part(hidden, batch, index), part(whole, tiny.batch, sequence), tolerance) == nil)
        }
    }

    @Test("The order of tokens and the segments matter")
    func positionsMatter() {
        let range = tiny.batch.range(3)
        let (ids, segments) = (Array(tiny.batch.ids[range]), Array(tiny.batch.segments[range]))
        func hidden(_ ids: [Int32], _ segments: [Int32]) -> [Float] {
            var batch = PackedBatch()
            batch.append(ids: ids, segments: segments, key: 0)
            return tiny.hidden(batch)
        }
        let plain = hidden(ids, segments)
        #expect(hidden(ids.reversed(), segments).reversed() != plain)
        #expect(hidden(ids, segments.map { 1 - $0 }) != plain)
    }

    @Test("Sequences lie end to end")
    func layout() {
        var batch = PackedBatch()
        #expect(batch.count == 0 && batch.tokens == 0)
        batch.append(ids: [1, 2, 3], segments: [0, 0, 1], key: 9)
        batch.append(ids: [4], segments: [1], key: 8)
        #expect(batch.count == 2 && batch.tokens == 4)
        #expect(batch.ids == [1, 2, 3, 4] && batch.segments == [0, 0, 1, 1])
        #expect(batch.range(0) == 0..<3 && batch.range(1) == 3..<4 && batch.keys == [9, 8])
    }

    struct BadCase: Sendable, CustomTestStringConvertible {
        let ids: [Int32]
        let segments: [Int32]
        let message: String
        var testDescription: String { message }
    }

    @Test(
        "Ids and lengths that the backbone has no embedding for are named",
        arguments: [
            BadCase(
                ids: [2, 60], segments: [0, 0],
                message: "token id 60 is outside the backbone's vocabulary of 60"),
            BadCase(
                ids: [2, -1], segments: [0, 0],
                message: "token id -1 is outside the backbone's vocabulary of 60"),
            BadCase(
                ids: [2, 3], segments: [0, 2], message: "segment id 2 is outside the backbone's 2 segments"),
            BadCase(
                ids: [2, 3], segments: [-5, 0], message: "segment id -5 is outside the backbone's 2 segments"),
            BadCase(
                ids: [Int32](repeating: 2, count: 33), segments: [Int32](repeating: 0, count: 33),
                message: "a sequence has 33 tokens, but the backbone has 32 positions"),
        ])
    func badBatchesAreNamed(_ test: BadCase) throws {
        var bounds = TokenBounds()
        bounds.add(ids: tiny.batch.ids, segments: tiny.batch.segments)
        bounds.add(ids: test.ids, segments: test.segments)
        let failure = #expect(throws: Failure.self) {
            try bounds.check(against: tiny.weights.configuration, at: "texts")
        }
        #expect(failure?.message == test.message)
        #expect(failure?.location == "texts")
        #expect(failure?.kind == .data)
    }

    @Test("The longest sequence and the last ids pass, and are computed on")
    func extremesPass() throws {
        var batch = PackedBatch()
        batch.append(
            ids: [Int32](repeating: 59, count: 32), segments: [Int32](repeating: 1, count: 32), key: 0)
        batch.append(ids: [0], segments: [0], key: 1)
        var bounds = TokenBounds()
        for sequence in 0..<batch.count {
            let range = batch.range(sequence)
            bounds.add(ids: Array(batch.ids[range]), segments: Array(batch.segments[range]))
        }
        try bounds.check(against: tiny.weights.configuration, at: "texts")
        #expect(tiny.hidden(batch).allSatisfy { $0.isFinite })
    }
}
