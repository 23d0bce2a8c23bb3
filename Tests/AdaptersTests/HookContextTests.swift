import Adapters
import Diagnostics
import Encoders
import Foundation
import Kernels
import TestSupport
import Testing

/// Drops elements of each layer's output at random, by a rate for the task that grows with the step.
///
/// It has one parameter per layer, s at start 1, and y' = s m ⊙ y with the mask m.
struct DropoutMethod: AdapterMethod {
    static let name = "dropout"
    static let source = "these tests"
    static let summary = "scales outputs, and drops some"
    static let keys: [MethodKey<Self>] = []

    var mergeability: Mergeability { .never("dropout") }

    func bind(to weights: EncoderWeights) -> any BoundMethod { Bound(layers: weights.configuration.layers) }

    private struct Bound: BoundMethod {
        let layers: Int

        func slices(seed: UInt64) -> [ParameterSlice] {
            (0..<layers).map {
                ParameterSlice(
                    TensorName(DropoutMethod.name, layer: $0, "scale.weight"), .weight, [1], .constant(1))
            }
        }

        func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
            DropoutHooks(parameters, context)
        }

        func addedOperations(tokens: Int) -> Double { 0 }
    }
}

private final class DropoutHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let scales: [Int: BoundTensor]
    private let context: HookContext
    private var saved: [Int: (y: [Float], mask: [Float])] = [:]

    init(_ parameters: BoundParameters, _ context: HookContext) {
        scales = parameters.byLayer(TensorName(DropoutMethod.name, "scale.weight"), in: .all)
        self.context = context
        lowestTrained = parameters.lowest(scales.keys, .output)
    }

    /// A rate of the task, reached at step 10.
    private var rate: Double {
        let full = context.task == "wet" ? 0.8 : 0.4
        return full * Double(min(context.training?.step ?? 0, 10)) / 10
    }

    func acts(at place: LayerSite) -> Bool { place.site == .output && scales[place.layer] != nil }

    func forward(
        _ y: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let scale = scales[place.layer] else { return }
        var (before, mask): ([Float], [Float]) = ([], [])
        for sequence in 0..<batch.count {
            let random = context.random(DropoutMethod.name, at: place, example: batch.keys[sequence])
            for (t, token) in batch.range(sequence).enumerated() {
                for c in 0..<y.columns {
                    let drops = random.map { $0.uniform(UInt64(t * y.columns + c)) < rate } ?? false
                    mask.append(drops ? 0 : 1)
                    before.append(y[token, c])
                    y[token, c] *= drops ? 0 : scale.value[0]
                }
            }
        }
        saved[place.layer] = (before, mask)
    }

    func backward(
        _ dy: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        guard let scale = scales[place.layer], let (y, mask) = saved[place.layer] else { return }
        for index in 0..<dy.rows * dy.columns {
            let (t, c) = (index / dy.columns, index % dy.columns)
            scale.gradient?[0] += dy[t, c] * mask[index] * y[index]
            dy[t, c] *= mask[index] * scale.value[0]
        }
    }
}

@Suite("Hooks know the task, the step and random numbers")
struct HookContextTests {
    private func context(_ task: String = "wet", seed: UInt64 = 7, step: UInt64 = 10) -> HookContext {
        HookContext(task: task, training: HookContext.Training(seed: seed, step: step))
    }

    @Test("Outputs depend on the task, the seed and the step, and on nothing else")
    func dependsOnTheContext() throws {
        let model = try AdaptedModel(DropoutMethod())
        let start = model.layout.initial
        let frozen = model.outputs(nil)
        #expect(model.outputs(start) == frozen, "evaluation drops nothing")
        #expect(model.outputs(start, context(step: 0)) == frozen, "the rate begins at 0")
        let outputs = model.outputs(start, context())
        #expect(outputs == model.outputs(start, context()) && outputs != frozen)
        for other in [context("dry"), context(seed: 8), context(step: 11), context(step: 5)] {
            #expect(model.outputs(start, other) != outputs)
        }
    }

    @Test("An example has the same random numbers in every batch")
    func doesNotDependOnTheBatch() throws {
        let model = try AdaptedModel(DropoutMethod())
        let d = model.tiny.weights.configuration.hidden
        let together = model.outputs(model.layout.initial, context())
        for sequence in 0..<model.tiny.batch.count {
            let rows = model.tiny.batch.range(sequence)
            let alone = model.outputs(
                model.layout.initial, of: model.tiny.batch(of: [sequence]), context())
            let expected = together[rows.lowerBound * d..<rows.upperBound * d]
            #expect(
                mismatch(Array(alone.prefix(rows.count * d)), Array(expected), Tolerance(relative: 1e-5))
                    == nil)
        }
    }

    @Test("Methods, sites and layers have streams of their own")
    func streams() throws {
        func first(_ context: HookContext, _ method: String, _ place: LayerSite, _ example: UInt64) -> Double?
        {
            context.random(method, at: place, example: example)?.uniform(0)
        }
        let numbers = [
            first(context(), "a", LayerSite(0, .output), 1), first(context(), "b", LayerSite(0, .output), 1),
            first(context(), "a", LayerSite(1, .output), 1), first(context(), "a", LayerSite(0, .heads), 1),
            first(context(), "a", LayerSite(0, .output), 2),
            first(context(step: 9), "a", LayerSite(0, .output), 1),
        ]
        #expect(Set(numbers).count == numbers.count && !numbers.contains(nil))
        #expect(first(context("dry"), "a", LayerSite(0, .output), 1) == numbers[0])
        #expect(HookContext(task: "wet").random("a", at: LayerSite(0, .output), example: 1) == nil)
    }

    @Test("The gradient is the slope of the forward with the same random numbers")
    func finiteDifferencesAgree() throws {
        let model = try AdaptedModel(DropoutMethod())
        let parameters: [Float] = [0.9, 1.1, 1.2]
        let found = model.gradient(parameters, model.upstream, context())
        let slopes = finiteDifferences(
            of: { dot(model.outputs($0, context()), model.upstream) }, at: parameters, step: 0.02)
        #expect(mismatch(found, slopes, Tolerance(absolute: 2e-3, relative: 3e-3)) == nil)
    }
}
