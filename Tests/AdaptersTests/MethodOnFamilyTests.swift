import Adapters
import Diagnostics
import Encoders
import TestSupport
import Testing

/// Every adapter method on every family of encoders.
@Suite("Methods on families")
struct MethodOnFamilyTests {
    @Test(
        "On every family samples of outputs and gradients agree with PyTorch",
        arguments: MethodOnFamily.sampled)
    func agreesWithPyTorch(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        var golden = try GoldenSamples(of: test.method, on: test.family)
        let parameters = try test.method.goldenParameters(model.layout, on: test.family)
        let outputs = model.outputs(parameters)
        let hidden = model.tiny.batch.tokens * model.tiny.weights.configuration.hidden
        for (label, part) in [("hidden", outputs.prefix(hidden)), ("pooled", outputs.dropFirst(hidden))]
        where !part.isEmpty {
            #expect(golden.mismatch(part, samples: 96, Tolerance(relative: 5e-6), label) == nil)
        }
        let gradient = model.gradient(parameters, model.upstream)
        let largest = gradient.map { Double(abs($0)) }.max() ?? 0
        let tolerance = Tolerance(absolute: max(1e-6, 2e-7 * largest), relative: 3e-5)
        let slices = zip(model.layout.slices, model.layout.ranges).sorted { $0.0.name < $1.0.name }
        for (slice, range) in slices {
            #expect(golden.mismatch(gradient[range], samples: 12, tolerance, slice.name) == nil)
        }
        #expect(golden.isAtEnd)
    }

    @Test("A pooler that the backbone lacks can't be trained", arguments: MethodOnFamily.refused)
    func missingPooler(_ test: MethodOnFamily) {
        let failure = #expect(throws: Failure.self) { try AdaptedModel(test) }
        #expect(failure?.message == "is true, but the backbone has no pooler")
        #expect(failure?.location == "adapter.pooler" && failure?.kind == .usage)
    }

    @Test("Full fine-tuning trains every number of every family", arguments: TinyModel.families)
    func fullTrainsEverything(_ family: EncoderFamily) throws {
        let hasPooler = family.tensors.pooler != nil
        let settings = try AdaptedModel.decode(#"{"method": "full", "pooler": \#(hasPooler)}"#)
        let model = try AdaptedModel(settings.method, on: family)
        #expect(model.layout.count == model.tiny.weights.configuration.parameterCount)
    }
}
