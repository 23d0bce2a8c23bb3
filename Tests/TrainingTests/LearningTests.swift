import Adapters
import Diagnostics
import Encoders
import Kernels
import Tasks
import TestSupport
import Testing
import Training

@Suite("One micro-batch against PyTorch")
struct LearningTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let site: Hadamard.ActingSite
        let pooling: Pooling
        let task: String
        var testDescription: String { "\(site.rawValue).\(pooling.rawValue).\(task)" }

        static let all = Hadamard.ActingSite.allCases.flatMap { site in
            Pooling.allCases.flatMap { pooling in
                ["classification", "regression"].map { Case(site: site, pooling: pooling, task: $0) }
            }
        }
    }

    // Hidden states of three layers in single precision have errors of 5e-6 of the largest. A loss squares
    // that or adds its logarithm, and a gradient multiplies it by residuals of about 5 and sums it over the
    // tokens.
    static let logits = Tolerance(relative: 5e-6)
    static let losses = Tolerance(relative: 1e-5)
    static let gradients = Tolerance(relative: 2e-5)

    @Test("Logits, summed losses and every gradient agree with double precision", arguments: Case.all)
    func agreesWithPyTorch(_ test: Case) throws {
        let golden = try Golden("training/hadamard")
        for norm in TrainedNorms.allCases {
            let task = try TinyTask(test.task, site: test.site, norm: norm, pooling: test.pooling)
            let logits = try golden.floats("\(test.testDescription).logits")
            #expect(mismatch(task.logits(task.start), logits, Self.logits) == nil)
            let found = task.lossAndGradient(task.start)
            let loss = try golden.floats("\(test.testDescription).losses").map { Double($0) }.reduce(0, +)
            #expect(mismatch([found.loss], [loss], Self.losses) == nil)
            for slice in task.layout.slices {
                let expected = try golden.floats("\(test.testDescription).gradient.\(slice.name)")
                #expect(
                    mismatch(
                        task.slice(slice.name, of: found.gradient), expected, Self.gradients,
                        "\(norm): \(slice.name)") == nil)
            }
        }
    }

    @Test("The loss of a batch is the sum over its sequences, and so is its gradient")
    func sumsOverSequences() throws {
        let task = try TinyTask("classification")
        let whole = task.lossAndGradient(task.start)
        var (loss, gradient) = (0.0, [Float](repeating: 0, count: task.layout.count))
        for sequence in 0..<task.tiny.batch.count {
            let part = task.lossAndGradient(
                task.start, batch: task.tiny.batch(of: [sequence]), targets: [task.targets[sequence]])
            loss += part.loss
            for i in gradient.indices { gradient[i] += part.gradient[i] }
        }
        #expect(mismatch([loss], [whole.loss], Self.losses) == nil)
        #expect(mismatch(gradient, whole.gradient, Self.gradients) == nil)
    }

    @Test("Without trainHead the head has no gradient, and every other gradient keeps its bits")
    func frozenHead() throws {
        let task = try TinyTask("classification")
        let (both, alone) = (
            task.lossAndGradient(task.start),
            task.lossAndGradient(task.start, stage: .adapter(trainHead: false))
        )
        #expect(alone.loss == both.loss)
        for slice in task.layout.slices {
            let found = task.slice(slice.name, of: alone.gradient)
            if slice.kind == .head {
                #expect(found.allSatisfy { $0 == 0 })
            } else {
                #expect(differingBits(found, task.slice(slice.name, of: both.gradient), slice.name) == nil)
            }
        }
    }

    @Test("In the head stage adapters neither act nor have gradients", arguments: Pooling.allCases)
    func headStage(_ pooling: Pooling) throws {
        let task = try TinyTask("classification", pooling: pooling)
        let found = task.lossAndGradient(task.start, stage: .head)
        // The head stage must compute with identity adapters and the backbone's norms.
        var frozen = task.layout.initial
        for name in [HeadSlice.weight, HeadSlice.bias] {
            if let range = task.layout[name] {
                frozen.replaceSubrange(range, with: task.slice(name, of: task.start))
            }
        }
        let expected = task.lossAndGradient(frozen)
        #expect(mismatch([found.loss], [expected.loss], Self.losses) == nil)
        for slice in task.layout.slices {
            let gradient = task.slice(slice.name, of: found.gradient)
            if slice.kind == .head {
                #expect(
                    mismatch(gradient, task.slice(slice.name, of: expected.gradient), Self.gradients) == nil)
            } else {
                #expect(gradient.allSatisfy { $0 == 0 })
            }
        }
        #expect(
            mismatch(task.logits(task.start, adapted: false), task.logits(frozen), Self.logits) == nil)
    }

    @Test(
        "A forward from cached pooled vectors gives the head stage the bits of running the encoder",
        arguments: Pooling.allCases)
    func pooledPath(_ pooling: Pooling) throws {
        let task = try TinyTask("regression", pooling: pooling)
        let (vectors, workspace) = (
            GuardedMatrix(task.tiny.batch.count, task.tiny.weights.configuration.hidden), Workspace()
        )
        let pooled = PooledVectors(vectors: vectors)
        task.model.frozenActivations(
            at: pooled.cutPoint, task.tiny.batch, into: CutState(residual: vectors.view), workspace)
        let randomness = AdaptedModel.Randomness(
            encoder: EncoderDropout(hidden: 0, attention: 0, seed: 3, step: 8), head: 0.4)
        for randomness in [.none, randomness] {
            let full = task.lossAndGradient(task.start, stage: .head, randomness)
            let known = task.lossAndGradient(task.start, stage: .head, randomness, start: pooled)
            #expect(known.loss == full.loss)
            #expect(differingBits(known.gradient, full.gradient) == nil)
        }
    }

    @Test("A backbone without pooler refuses the pooling that needs one")
    func missingPooler() throws {
        let bare = try TinyModel(directory: TinyModel.variant("sharded")).weights
        for weights in [bare, try TinyModel(.electra).weights, try TinyModel(.distilbert).weights] {
            let failure = #expect(throws: Failure.self) {
                _ = try AdaptedModel(weights, Hadamard(), HeadSettings(pooling: .pooler))
            }
            #expect(failure?.location == "head.pooling")
            #expect(failure?.remedy == "use 'cls' or 'mean'")
        }
    }
}

/// Pooled vectors [B, d] as the start of a forward.
private struct PooledVectors: CachedStart {
    let vectors: GuardedMatrix

    var cutPoint: CutPoint { CutPoint(layer: 3, .pooled) }

    func fill(_ state: CutState, _ workspace: Workspace) { state.residual.copy(from: vectors.view) }
}
