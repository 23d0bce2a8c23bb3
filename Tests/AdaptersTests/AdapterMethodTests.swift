import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import TestSupport
import Testing

/// The laws that every method in the table is held to, in every setting that its cases name.
@Suite("Every adapter method")
struct AdapterMethodTests {
    static let dropout = EncoderDropout(hidden: 0.2, attention: 0.2, seed: 3, step: 4)

    @Test("Every method in the table has cases, and every case a method")
    func tableIsCovered() {
        for method in AdapterTable.all {
            #expect(
                MethodCase.all[method.name]?.isEmpty == false, "add cases of \(method.name) to MethodCase.all"
            )
            #expect(!method.source.isEmpty)
        }
        #expect(Set(MethodCase.all.keys) == Set(AdapterTable.all.map { $0.name }))
    }

    @Test("Every file in Sources/Adapters/Methods is in the table, once")
    func tableIsComplete() throws {
        let folder = URL(filePath: Golden.folder).appending(path: "../../Sources/Adapters/Methods")
            .standardized
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
            .filter { $0.hasSuffix(".swift") && !$0.contains("+") }.map {
                String($0.dropLast(".swift".count))
            }
        #expect(AdapterTable.all.map { String(describing: $0) }.sorted() == files.sorted())
        #expect(Set(AdapterTable.all.map { $0.name }).count == AdapterTable.all.count)
        for method in AdapterTable.all { #expect(AdapterTable.method(named: method.name) == method) }
        #expect(AdapterTable.method(named: "no such method") == nil)
    }

    @Test(
        "Before the first update the encoder's outputs are the frozen backbone's",
        arguments: MethodCase.ofTable)
    func identityAtStart(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        for dropout in [EncoderDropout.none, Self.dropout] {
            let frozen = model.tiny.hidden(dropout: dropout)
            let adapted = model.hidden(model.layout.initial, dropout: dropout)
            #expect(mismatch(adapted, frozen, Tolerance(absolute: 1e-6)) == nil)
        }
    }

    @Test("Every parameter changes the outputs", arguments: MethodCase.ofTable)
    func everyParameterMatters(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        let upstream = try model.tiny.golden.floats("upstream")
        let gradient = model.gradient(model.parameters(movedBy: 0.2), upstream)
        #expect(gradient.allSatisfy { $0 != 0 && $0.isFinite })
    }

    @Test("The gradient of every parameter is the slope of the forward", arguments: MethodCase.ofTable)
    func finiteDifferencesAgree(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        let upstream = try model.tiny.golden.floats("upstream")
        let parameters = model.parameters(movedBy: 0.2)
        for dropout in [EncoderDropout.none, Self.dropout] {
            let found = model.gradient(parameters, upstream, dropout: dropout)
            let slopes = finiteDifferences(
                of: { dot(model.hidden($0, dropout: dropout), upstream) }, at: parameters, step: 0.02)
            for (slice, range) in zip(model.layout.slices, model.layout.ranges) {
                // A float loss of about 30 over a step of 0.02, and what the fourth order leaves.
                let tolerance = Tolerance(absolute: 1e-3, relative: 2e-3)
                #expect(mismatch(Array(found[range]), Array(slopes[range]), tolerance, slice.name) == nil)
            }
        }
    }

    @Test("Gradients are added to the vector, and leave a head's part alone", arguments: MethodCase.ofTable)
    func gradientsAreAdded(_ test: MethodCase) throws {
        let head = ParameterSlice(
            name: "head.weight", kind: .head, layer: nil, shape: [2, 24],
            initial: .init(repeating: 0.5, count: 48))
        let (model, withHead) = (
            try AdaptedModel(test.settings), try AdaptedModel(test.settings, with: [head])
        )
        let upstream = try model.tiny.golden.floats("upstream")
        let plain = model.gradient(model.parameters(movedBy: 0.1), upstream)
        let added = withHead.gradient(withHead.parameters(movedBy: 0.1), upstream, addedTo: 3)
        let expected = plain.map { $0 + 3 } + [Float](repeating: 3, count: 48)
        #expect(mismatch(added, expected, Tolerance(absolute: 1e-6, relative: 1e-6)) == nil)
        #expect(withHead.layout.adapterCount == model.layout.count)
    }

    @Test("With and without gradients the outputs have the same bits", arguments: MethodCase.ofTable)
    func gradientsDontChangeOutputs(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        let parameters = GuardedMatrix(model.parameters(movedBy: 0.2))
        let gradient = GuardedMatrix(1, model.layout.count, filledWith: 0)
        let trained = model.method.adaptation(model.layout, values: parameters.base, gradient: gradient.base)
        let fixed = model.method.adaptation(model.layout, values: parameters.base, gradient: nil)
        #expect(fixed.lowestTrained == nil)
        #expect(trained.lowestTrained?.layer == test.layers.first)
        #expect(differingBits(model.tiny.hidden(nil, trained), model.tiny.hidden(nil, fixed)) == nil)
    }

    @Test("Only the named layers have parameters, as many as the formula says", arguments: MethodCase.ofTable)
    func countsAndLayers(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        let d = model.tiny.weights.configuration.hidden
        #expect(model.layout.count == test.layers.count * test.countInLayer(d))
        #expect(model.layout.adapterCount == model.layout.count)
        #expect(Set(model.layout.slices.compactMap(\.layer)).sorted() == test.layers)
        for slice in model.layout.slices {
            #expect(slice.kind != .head && slice.layer != nil)
            #expect(slice.name.hasPrefix("layer.\(slice.layer ?? -1)."))
        }
        #expect(try model.method.slices(on: model.tiny.weights) == model.layout.slices)
    }

    @Test(
        "Below the first named layer the hidden states keep the frozen backbone's bits",
        arguments: MethodCase.ofTable)
    func lowerLayersAreUntouched(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        let parameters = GuardedMatrix(model.parameters(movedBy: 0.2))
        func states(_ adaptation: (any EncoderAdaptation)?) -> [[Float]] {
            var states: [[Float]] = []
            let workspace = Workspace()
            _ = Encoder(model.tiny.weights).forward(model.tiny.batch, adaptation, workspace) { _, hidden in
                states.append(hidden.values)
            }
            withExtendedLifetime(workspace) {}
            return states
        }
        let frozen = states(nil)
        let adapted = states(model.method.adaptation(model.layout, values: parameters.base, gradient: nil))
        // The first state is the embeddings' output.
        for (index, state) in adapted.enumerated() {
            #expect((state == frozen[index]) == (index <= test.layers[0]), "after layer \(index - 1)")
        }
    }

    @Test(
        "Settings come back from their encoding, with every default filled in", arguments: MethodCase.ofTable)
    func settingsRoundTrip(_ test: MethodCase) throws {
        let settings = try AdaptedModel.decode(test.settings)
        let data = try JSONEncoder().encode(settings)
        let members = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Set(members.keys) == test.keys.union(["method"]))
        #expect(members["method"] as? String == type(of: settings.method).name)
        let again = try JSONDecoder().decode(AdapterSettings.self, from: data)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try encoder.encode(again) == encoder.encode(settings))
        let weights = try TinyModel().weights
        #expect(try again.method.slices(on: weights) == settings.method.slices(on: weights))
    }

    @Test("A misspelt key is refused with the one that was meant", arguments: MethodCase.ofTable)
    func misspeltKeysAreRefused(_ test: MethodCase) throws {
        for key in test.keys {
            let misspelt = test.settings.dropLast() + ", \"\(key)x\": 1}"
            let failure = #expect(throws: Failure.self) { try AdaptedModel.decode(String(misspelt)) }
            #expect(failure?.what == "unknown key '\(key)x'")
            #expect(failure?.remedy == "did you mean '\(key)'?")
            #expect(failure?.kind == .usage)
        }
    }

    @Test("Saved and read again, every bit is the same", arguments: MethodCase.ofTable)
    func savesEveryBit(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        let folder = try TemporaryFolder()
        var parameters = model.parameters(movedBy: 0.3)
        parameters.replaceSubrange(
            0..<5, with: [-0.0, .leastNonzeroMagnitude, .infinity, 1e38, .init(bitPattern: 0x7fc0_1234)])
        try AdapterFolder.write(
            model.layout, parameters, configuration: ["method": "m"], to: folder.file("a"))
        let found = try AdapterFolder.read(model.layout, from: folder.file("a"))
        #expect(differingBits(found, parameters) == nil)
    }
}
