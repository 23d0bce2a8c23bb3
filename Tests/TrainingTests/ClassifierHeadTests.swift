import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Tasks
import TestSupport
import Testing
import Training

@Suite("Heads with a dense layer")
struct ClassifierHeadTests {
    /// A model with a head of three classes, and its parameters.
    private struct Task {
        let tiny: TinyModel
        let model: AdaptedModel
        let layout: ParameterLayout
        var values: [Float]
        let targets: [Target]

        init(_ family: EncoderFamily, _ head: HeadSettings, targets: [Int]) throws {
            tiny = try TinyModel(family)
            let method = try AdapterSettings(json: ["method": "layernorm", "norm": "output", "layers": "2"])
            model = try AdaptedModel(tiny.weights, method.method, head)
            layout = model.layout(for: .classes(["none", "some", "all"]), headOwner: "task:a", seed: 1)
            values = layout.initial
            self.targets = targets.map { .label($0) }
        }

        func lossAndGradient(
            _ values: [Float], _ stage: AdaptedModel.Stage = .adapter(trainHead: true),
            randomness: AdaptedModel.Randomness = .none, sequences: [Int]? = nil
        ) -> (loss: Double, gradient: [Float]) {
            let gradient = GuardedMatrix(1, layout.count, filledWith: 0)
            let chosen = sequences ?? Array(0..<tiny.batch.count)
            let vector = GuardedMatrix(values)
            let loss = model.lossAndGradient(
                LabelledBatch(tiny.batch(of: chosen), chosen.map { targets[$0] }), stage: stage,
                BoundParameters(layout, values: vector.base, gradient: gradient.base), randomness,
                Workspace())
            precondition(gradient.isIntact(), "written outside of the gradient")
            return (loss, gradient.values)
        }

        func slice(_ name: String, of vector: [Float]) -> [Float] {
            layout[name].map { Array(vector[$0]) } ?? []
        }
    }

    private static let labels = [2, 0, 1, 2]

    private static func randomness(_ probability: Float, step: UInt64 = 3) -> AdaptedModel.Randomness {
        AdaptedModel.Randomness(
            encoder: EncoderDropout(hidden: 0, attention: 0, seed: 5, step: step), head: probability)
    }

    @Test(
        "The head of a family's class gives the logits, losses and gradients of transformers",
        arguments: TinyModel.families)
    func goldens(family: EncoderFamily) throws {
        let golden = try Golden("training/heads")
        let labels = try golden.integers("labels")
        var task = try Task(family, HeadSettings(of: family.classes.head), targets: labels)
        for (slice, range) in zip(task.layout.slices, task.layout.ranges) where slice.kind == .head {
            task.values.replaceSubrange(
                range, with: try golden.floats("\(family.name).parameters.\(slice.name)"))
        }
        let values = GuardedMatrix(task.values)
        let logits = task.model.logits(
            task.tiny.batch, BoundParameters(task.layout, values: values.base, gradient: nil), adapted: true,
            Workspace())
        // Three layers in float.
        let tolerance = Tolerance(absolute: 2e-6, relative: 1e-5)
        #expect(mismatch(logits, try golden.floats("\(family.name).logits"), tolerance) == nil)
        let (loss, gradient) = task.lossAndGradient(task.values)
        let losses = try golden.floats("\(family.name).losses").reduce(0) { $0 + Double($1) }
        #expect(abs(loss - losses) < 1e-5 * losses)
        for slice in task.layout.slices {
            let expected = try golden.floats("\(family.name).gradient.\(slice.name)")
            #expect(
                mismatch(task.slice(slice.name, of: gradient), expected, tolerance, slice.name) == nil)
        }
        // A head that is not trained passes its gradient on.
        let frozen = task.lossAndGradient(task.values, .adapter(trainHead: false)).gradient
        for (slice, range) in zip(task.layout.slices, task.layout.ranges) {
            #expect(
                frozen[range].elementsEqual(
                    slice.kind == .head ? frozen[range].map { _ in 0 } : Array(gradient[range])))
        }
    }

    @Test("Its gradient through dropout is that of the dropped-out loss", arguments: [HeadDense.tanh, .gelu])
    func gradientThroughDropout(dense: HeadDense) throws {
        for pooling in [Pooling.cls, .mean] {
            let task = try Task(.bert, HeadSettings(pooling: pooling, dense: dense), targets: Self.labels)
            // Weights that are large enough for slopes of the dense layer to matter.
            let values = task.values.enumerated().map {
                $1 + 0.3 * Float(CounterRandom(seed: 2, .initialization).normal(UInt64($0)))
            }
            let randomness = Self.randomness(0.3)
            let gradient = task.lossAndGradient(values, randomness: randomness)
            let chosen = Array(stride(from: 0, to: values.count, by: 7))
            let found = finiteDifferences(
                of: { moved in
                    var all = values
                    for (index, value) in zip(chosen, moved) { all[index] = value }
                    return task.lossAndGradient(all, randomness: randomness).loss
                }, at: chosen.map { values[$0] }, step: 0.02)
            // Central differences of a float function: see `finiteDifferences`.
            let tolerance = Tolerance(absolute: 2e-4, relative: 3e-3)
            #expect(mismatch(chosen.map { Double(gradient.gradient[$0]) }, found, tolerance) == nil)
        }
    }

    @Test("Each linear map's input has a mask of its own; a ReLU layer's input has none")
    func masks() throws {
        func dropped(_ dense: HeadDense, step: UInt64 = 3) throws -> (input: [Bool], last: [Bool]) {
            let task = try Task(.bert, HeadSettings(pooling: .mean, dense: dense), targets: Self.labels)
            let values = task.values.map { $0 + 0.1 }
            let gradient = task.lossAndGradient(
                values, .head, randomness: Self.randomness(0.5, step: step), sequences: [1])
            // A dropped element of an input has a zero column in its map's gradient.
            func columns(_ name: String) -> [Bool] {
                let matrix = task.slice(name, of: gradient.gradient)
                return (0..<24).map { column in
                    stride(from: column, to: matrix.count, by: 24).allSatisfy { matrix[$0] == 0 }
                }
            }
            return (columns(HeadSlice.denseWeight), columns(HeadSlice.weight))
        }
        let tanh = try dropped(.tanh)
        #expect(tanh.input != tanh.last)
        for mask in [tanh.input, tanh.last] {
            #expect((4...20).contains(mask.count { $0 }), "half of 24, within 3.3 standard deviations")
        }
        #expect(try dropped(.tanh, step: 4).input != tanh.input)
        let relu = try dropped(.relu)
        #expect(!relu.input.contains(true))
    }

    @Test("The dense layer is drawn like the classifier, from other numbers")
    func initialValues() throws {
        func slices(_ owner: String) -> [ParameterSlice] {
            HeadSlice.slices(
                for: .classes(["a", "b"]), width: 100, dense: .tanh, owner: owner, seed: 7)
        }
        let found = slices("all")
        #expect(found.map(\.name) == ["head.dense.weight", "head.dense.bias", "head.weight", "head.bias"])
        #expect(found.map(\.shape) == [[100, 100], [100], [2, 100], [2]])
        let dense = found[0].initial.map { Double($0) }
        let deviation = (dense.reduce(0) { $0 + $1 * $1 } / Double(dense.count)).squareRoot()
        // 10 000 draws: five standard errors of the deviation.
        #expect(abs(deviation - 0.02) < 0.0007)
        #expect(found[1].initial.allSatisfy { $0 == 0 } && found[3].initial == [0, 0])
        #expect(Array(found[0].initial.prefix(200)) != found[2].initial)
        #expect(found[0].initial != slices("task:a")[0].initial)
        let plain = HeadSlice.slices(for: .classes(["a", "b"]), width: 100, owner: "all", seed: 7)
        #expect(plain.map(\.initial) == found.suffix(2).map(\.initial))
    }
}
