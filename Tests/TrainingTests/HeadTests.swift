import Adapters
import Diagnostics
import Encoders
import Kernels
import Tasks
import TestSupport
import Testing
import Training

@Suite("Heads")
struct HeadTests {
    private func head(_ owner: String, _ seed: UInt64, classes: Int = 3) -> [Float] {
        HeadSlice.slices(
            for: .classes((0..<classes).map { "\($0)" }), width: 200, owner: owner, seed: seed)[0].initial
    }

    @Test("Heads have equal initial values only for the same owner and seed")
    func initialValues() {
        #expect(differingBits(head("task:a", 1), head("task:a", 1)) == nil)
        #expect(head("task:a", 1) != head("task:b", 1))
        #expect(head("task:a", 1) != head("task:a", 2))
    }

    @Test("Its weights have mean 0 and deviation 0.02, its biases are 0")
    func distribution() {
        let weights = head("all", 7, classes: 50).map { Double($0) }
        let mean = weights.reduce(0, +) / Double(weights.count)
        let deviation = (weights.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(weights.count))
            .squareRoot()
        // 10 000 draws: five standard errors of the mean, and of the deviation.
        #expect(abs(mean) < 0.001)
        #expect(abs(deviation - 0.02) < 0.0007)
        let bias = HeadSlice.slices(for: .regression(0...5), width: 200, owner: "all", seed: 7)[1]
        #expect(bias.shape == [1] && bias.initial == [0])
    }

    @Test("A name's hash is FNV-1a's")
    func hash() {
        // Published test vectors of the function.
        #expect(FNV1a.hash("") == 0xcbf2_9ce4_8422_2325)
        #expect(FNV1a.hash("a") == 0xaf63_dc4c_8601_ec8c)
        #expect(FNV1a.hash("foobar") == 0x8594_4171_f739_67e8)
    }

    private func dropped(
        _ task: TinyTask, seed: UInt64 = 1, step: UInt64 = 1, probability: Float = 0.5, sequences: [Int]
    ) -> [Float] {
        // The weight gradient of a regression head is Σ 2 (z − y) p, so for one sequence dropped elements are
        // 0.
        task.lossAndGradient(
            task.start, stage: .head,
            AdaptedModel.Randomness(
                encoder: EncoderDropout(hidden: 0, attention: 0, seed: seed, step: step), head: probability),
            batch: task.tiny.batch(of: sequences), targets: sequences.map { task.targets[$0] }
        ).gradient
    }

    private func mask(_ task: TinyTask, seed: UInt64 = 1, step: UInt64 = 1, sequence: Int) -> [Bool] {
        task.slice(HeadSlice.weight, of: dropped(task, seed: seed, step: step, sequences: [sequence])).map {
            $0 != 0
        }
    }

    @Test("A dropout mask is a function of seed, step and example")
    func masks() throws {
        let task = try TinyTask("regression")
        let first = mask(task, sequence: 0)
        #expect(first == mask(task, sequence: 0))
        #expect(first != mask(task, seed: 2, sequence: 0))
        #expect(first != mask(task, step: 2, sequence: 0))
        #expect(first != mask(task, sequence: 1))
        #expect((4...20).contains(first.count { $0 }), "half of 24, within 3.3 standard deviations")
    }

    @Test("The mask of an example does not depend on the rest of the batch")
    func masksOfCompany() throws {
        let task = try TinyTask("regression")
        let alone = (0..<4).map { dropped(task, sequences: [$0]) }
        for order in [[0, 1, 2, 3], [3, 1], [2, 0, 3]] {
            var sum = [Float](repeating: 0, count: task.layout.count)
            for sequence in order { for i in sum.indices { sum[i] += alone[sequence][i] } }
            #expect(mismatch(dropped(task, sequences: order), sum, Tolerance(relative: 1e-5)) == nil)
        }
    }

    @Test("The gradient through dropout is that of the dropped-out loss")
    func gradientThroughDropout() throws {
        let task = try TinyTask("classification", pooling: .pooler)
        let randomness = AdaptedModel.Randomness(
            encoder: EncoderDropout(hidden: 0.2, attention: 0.2, seed: 5, step: 3), head: 0.3)
        let gradient = task.lossAndGradient(task.start, randomness).gradient
        let found = finiteDifferences(
            of: { task.lossAndGradient($0, randomness).loss }, at: task.start, step: 0.02)
        // Central differences of a float function: see `finiteDifferences`.
        #expect(mismatch(gradient.map { Double($0) }, found, Tolerance(relative: 2e-3)) == nil)
    }
}
