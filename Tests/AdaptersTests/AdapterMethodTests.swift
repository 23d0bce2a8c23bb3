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
        let names = Set(AdapterTable.all.map { $0.name })
        #expect(Set(MethodCase.all.map(\.method)).subtracting(["stack"]) == names)
        for method in AdapterTable.all {
            #expect(!method.source.isEmpty && !method.summary.isEmpty)
        }
    }

    @Test("Every file in Sources/Adapters/Methods is in the table, once")
    func tableIsComplete() throws {
        let folder = URL(filePath: Golden.folder).appending(path: "../../Sources/Adapters/Methods")
            .standardized
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
        // A method of several files has a folder of its name.
        let files = names.map { $0.hasSuffix(".swift") ? String($0.dropLast(".swift".count)) : $0 }
        #expect(AdapterTable.all.map { String(describing: $0) }.sorted() == files.sorted())
        #expect(Set(AdapterTable.all.map { $0.name }).count == AdapterTable.all.count)
        for method in AdapterTable.all { #expect(AdapterTable.method(named: method.name) == method) }
        #expect(AdapterTable.method(named: "no such method") == nil)
    }

    // MARK: Values and gradients

    @Test("Outputs and every gradient agree with PyTorch in double precision", arguments: MethodCase.all)
    func agreesWithPyTorch(_ test: MethodCase) throws {
        let (model, golden) = (try AdaptedModel(test.settings), try test.golden())
        let parameters = try test.goldenParameters(model.layout)
        let outputs = model.outputs(parameters)
        let expected = try golden.floats("\(test.name).hidden") + golden.floats("\(test.name).pooled")
        // Three layers in float.
        #expect(mismatch(outputs, expected, Tolerance(relative: 5e-6)) == nil)
        let gradient = model.gradient(parameters, model.upstream)
        // Terms that cancel, as in the gradient of a key's bias, leave the rounding of the terms.
        let largest = gradient.map { Double(abs($0)) }.max() ?? 0
        let tolerance = Tolerance(absolute: max(1e-6, 2e-7 * largest), relative: 3e-5)
        for (slice, range) in zip(model.layout.slices, model.layout.ranges) {
            let expected = try golden.floats("\(test.name).gradient.\(slice.name)")
            #expect(mismatch(Array(gradient[range]), expected, tolerance, slice.name) == nil)
        }
    }

    @Test("The gradient of every parameter is the slope of the forward", arguments: MethodOnFamily.smooth)
    func finiteDifferencesAgree(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        let parameters = try model.parameters(of: test)
        for dropout in [EncoderDropout.none, Self.dropout] {
            let found = model.gradient(parameters, model.upstream, dropout: dropout)
            for (slice, range) in zip(model.layout.slices, model.layout.ranges) {
                // A few numbers of large tensors; an odd distance, since rows are even.
                let parts = test.family == .bert ? 12 : 2
                let chosen = Array(
                    stride(
                        from: range.lowerBound, to: range.upperBound, by: max(1, slice.count / parts | 1)))
                let slopes = finiteDifferences(
                    of: { moved in
                        var all = parameters
                        for (index, value) in zip(chosen, moved) { all[index] = value }
                        return dot(model.outputs(all, dropout: dropout), model.upstream)
                    }, at: chosen.map { parameters[$0] }, step: 0.02)
                // A float loss of up to 60 over a step of 0.02, and the error of the fourth order.
                let tolerance = Tolerance(absolute: 2e-3, relative: 3e-3)
                #expect(mismatch(chosen.map { found[$0] }, slopes, tolerance, slice.name) == nil)
            }
        }
    }

    @Test("Every tensor changes the outputs", arguments: MethodOnFamily.all)
    func everyTensorMatters(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        let gradient = model.gradient(try model.parameters(of: test), model.upstream)
        #expect(gradient.allSatisfy { $0.isFinite })
        for (slice, range) in zip(model.layout.slices, model.layout.ranges) {
            #expect(gradient[range].contains { $0 != 0 }, "\(slice.name)")
        }
    }

    @Test(
        "Before the first update the outputs are the frozen backbone's, where the method says so",
        arguments: MethodOnFamily.all)
    func identityAtStart(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        for dropout in [EncoderDropout.none, Self.dropout] {
            let frozen = model.outputs(nil, dropout: dropout)
            let adapted = model.outputs(model.layout.initial, dropout: dropout)
            let different = mismatch(adapted, frozen, Tolerance(absolute: 2e-6))
            if model.method.isIdentityAtStart {
                #expect(different == nil)
            } else {
                #expect(different != nil, "it may call itself the identity")
            }
        }
    }

    @Test("Merged into the backbone, the outputs are the same", arguments: MethodOnFamily.all)
    func mergesExactly(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        let expected = Self.reason(test.method) ?? .exact
        #expect(model.method.mergeability == expected)
        if expected != .exact { return }
        let parameters = try model.parameters(of: test)
        // Three layers in float, in another order.
        #expect(
            mismatch(model.mergedOutputs(parameters), model.outputs(parameters), Tolerance(relative: 1e-5))
                == nil)
    }

    /// The reason why a method cannot be merged; nil for a method without one.
    private static func reason(_ test: MethodCase) -> Mergeability? {
        let prefix =
            "additional keys of the attention cannot be expressed by the backbone's weights"
        func bottleneck(_ activation: String) -> String {
            "no linear map of the backbone computes the bottleneck's \(activation)"
        }
        let section = test.section
        switch test.method {
        case "houlsby", "pfeiffer": return .never(bottleneck(section["activation"]?.string ?? "gelu"))
        case "parallel": return .never(bottleneck(section["activation"]?.string ?? "relu"))
        case "prefix", "mam": return .never(prefix)
        case "adapter-bias":
            return .never(
                "each token has its own shift, but the backbone's biases are the same for all tokens")
        case "tiny-attention":
            return .never("what is added to a token depends on the other tokens of its sequence")
        case "fusion": return .never("how much of each adapter is mixed in depends on the token")
        case "sparse":
            let base = section["base"] ?? ["method": "pfeiffer", "activation": "relu"]
            return base.array == nil ? reason(test.with(base)) : stackReason(test.with(base))
        case "stack": return stackReason(test)
        default: return nil
        }
    }

    /// The reason of the first method of a list that has one, or of two that change one linear map.
    private static func stackReason(_ test: MethodCase) -> Mergeability? {
        if test.name == "bitfit-hadamard" {
            return .never("bitfit and hadamard both change what 'projection' computes")
        }
        return (test.section.array ?? []).lazy.compactMap { reason(test.with($0)) }.first
    }

    // MARK: Independence

    @Test("Sequences of a packed batch never see one another", arguments: MethodOnFamily.all)
    func sequencesAreApart(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        let parameters = try model.parameters(of: test)
        let d = model.tiny.weights.configuration.hidden
        let together = model.outputs(parameters)
        for sequence in 0..<model.tiny.batch.count {
            let alone = model.outputs(parameters, of: model.tiny.batch(of: [sequence]))
            let rows = model.tiny.batch.range(sequence)
            let expected = together[rows.lowerBound * d..<rows.upperBound * d]
            // Products of other shapes may round differently.
            #expect(
                mismatch(Array(alone.prefix(rows.count * d)), Array(expected), Tolerance(relative: 1e-5))
                    == nil)
        }
    }

    @Test("Gradients are added to the vector, and leave a head's part alone", arguments: MethodOnFamily.all)
    func gradientsAreAdded(_ test: MethodOnFamily) throws {
        let head = ParameterSlice(TensorName(TensorName.head, "weight"), .head, [2, 24], .constant(0.5))
        let (model, withHead) = (
            try AdaptedModel(test), try AdaptedModel(test, with: [head])
        )
        let plain = model.gradient(model.parameters(movedBy: 0.1), model.upstream)
        let added = withHead.gradient(withHead.parameters(movedBy: 0.1), model.upstream, addedTo: 3)
        let expected = plain.map { $0 + 3 } + [Float](repeating: 3, count: 48)
        #expect(mismatch(added, expected, Tolerance(absolute: 1e-5, relative: 1e-6)) == nil)
        #expect(withHead.layout.adapterCount == model.layout.count)
    }

    @Test("With and without gradients the outputs have the same bits", arguments: MethodOnFamily.all)
    func gradientsDontChangeOutputs(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        let parameters = GuardedMatrix(model.parameters(movedBy: 0.2))
        let gradient = GuardedMatrix(1, model.layout.count, filledWith: 0)
        func adaptation(_ gradient: GuardedMatrix?) -> any EncoderAdaptation {
            model.bound.hooks(
                BoundParameters(model.layout, values: parameters.base, gradient: gradient?.base))
        }
        let (trained, fixed) = (adaptation(gradient), adaptation(nil))
        #expect(fixed.lowestTrained == nil && (trained.lowestTrained == nil) == (model.layout.count == 0))
        if let first = test.method.layers.first { #expect((trained.lowestTrained?.layer ?? first) <= first) }
        #expect(differingBits(model.tiny.hidden(nil, trained), model.tiny.hidden(nil, fixed)) == nil)
    }

    @Test(
        "Below the lowest trained layer the hidden states keep the frozen backbone's bits",
        arguments: MethodOnFamily.all)
    func lowerLayersAreUntouched(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        let parameters = GuardedMatrix(model.parameters(movedBy: 0.2))
        let gradient = GuardedMatrix(1, model.layout.count, filledWith: 0)
        let adaptation = model.bound.hooks(
            BoundParameters(model.layout, values: parameters.base, gradient: gradient.base))
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
        // A method without parameters leaves every layer untouched.
        let lowest = adaptation.lowestTrained?.layer ?? model.tiny.weights.configuration.layers
        // The first state is the embeddings' output.
        for (index, state) in states(adaptation).enumerated() {
            #expect((state == frozen[index]) == (index - 1 < lowest), "after layer \(index - 1)")
        }
    }

    @Test(
        "Where only first tokens are read, leaving the others out changes nothing",
        arguments: MethodOnFamily.all)
    func firstTokens(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        let (batch, d) = (model.tiny.batch, model.tiny.weights.configuration.hidden)
        let parameters = GuardedMatrix(model.parameters(movedBy: 0.2))
        let upstream = (0..<batch.count * d).map { Float(Foundation.sin(Double($0))) }
        for dropout in [EncoderDropout.none, Self.dropout] {
            func results(_ output: OutputTokens) -> (hidden: [Float], rows: Int, gradient: [Float]) {
                let gradient = GuardedMatrix(1, model.layout.count, filledWith: 0)
                let adaptation = model.bound.hooks(
                    BoundParameters(model.layout, values: parameters.base, gradient: gradient.base))
                let (encoder, workspace) = (Encoder(model.tiny.weights, dropout: dropout), Workspace())
                let activations = encoder.forward(batch, adaptation, output: output, workspace)
                let hidden = (0..<batch.count).flatMap { sequence in
                    activations.hidden.rows(
                        activations.batch.offsets[sequence]..<activations.batch.offsets[sequence] + 1
                    ).values
                }
                let dh = workspace.matrix(activations.hidden.rows, d)
                dh.fill(0)
                for sequence in 0..<batch.count {
                    for c in 0..<d { dh[activations.batch.offsets[sequence], c] = upstream[sequence * d + c] }
                }
                encoder.backward(dh, activations, batch, adaptation, workspace)
                return (hidden, activations.hidden.rows, gradient.values)
            }
            let (all, first) = (results(.all), results(.first))
            #expect(all.rows == batch.tokens && (first.rows == batch.count) != (first.rows == batch.tokens))
            #expect(differingBits(first.hidden, all.hidden) == nil)
            // Sums over tokens have fewer terms, all others of which are zeros; column sums add them by
            // lanes.
            #expect(
                mismatch(
                    first.gradient, all.gradient.map(Double.init), Tolerance(absolute: 1e-5, relative: 1e-5))
                    == nil)
        }
    }

    @Test(
        "A forward from the highest cut point keeps the bits of outputs and gradients",
        arguments: MethodOnFamily.all)
    func cachedStart(_ test: MethodOnFamily) throws {
        let model = try AdaptedModel(test)
        let (batch, weights) = (model.tiny.batch, model.tiny.weights)
        let parameters = GuardedMatrix(model.parameters(movedBy: 0.2))
        let cut = model.bound.hooks(
            BoundParameters(model.layout, values: parameters.base, gradient: nil)
        ).highestCutPoint(layers: weights.configuration.layers)
        if cut.layer < 0 { return }
        let start = SequenceBySequence(cutPoint: cut, weights: weights, batch: batch)
        for output in [OutputTokens.all, .first] {
            func results(_ start: (any CachedStart)?) -> (hidden: [Float], gradient: [Float]) {
                let gradient = GuardedMatrix(1, model.layout.count, filledWith: 0)
                let adaptation = model.bound.hooks(
                    BoundParameters(model.layout, values: parameters.base, gradient: gradient.base))
                let (encoder, workspace) = (Encoder(weights), Workspace())
                let activations = encoder.forward(
                    batch, adaptation, start: start, output: output, workspace)
                let hidden = activations.hidden.values
                encoder.backward(activations.hidden, activations, batch, adaptation, workspace)
                withExtendedLifetime(workspace) {}
                return (hidden, gradient.values)
            }
            let (given, computed) = (results(start), results(nil))
            // From above the last layer all tokens are given.
            if given.hidden.count == computed.hidden.count {
                #expect(differingBits(given.hidden, computed.hidden) == nil)
            }
            #expect(differingBits(given.gradient, computed.gradient) == nil)
        }
    }

    @Test(
        "Frozen maps prepacked for products change no bit", arguments: MethodOnFamily.all,
        ProductArithmetic.allCases)
    func prepacked(_ test: MethodOnFamily, _ arithmetic: ProductArithmetic) throws {
        let model = try AdaptedModel(test)
        let (batch, weights) = (model.tiny.batch, model.tiny.weights)
        let parameters = GuardedMatrix(model.parameters(movedBy: 0.2))
        func results(prepacked: Bool) throws -> (hidden: [Float], gradient: [Float], bytes: Int, maps: Int) {
            let gradient = GuardedMatrix(1, model.layout.count, filledWith: 0)
            let adaptation = model.bound.hooks(
                BoundParameters(model.layout, values: parameters.base, gradient: gradient.base))
            let panels =
                prepacked ? try PrepackedWeights(weights, adaptation, arithmetic, in: PrivateMemory()) : nil
            let encoder = Encoder(weights, packed: panels, arithmetic, dropout: Self.dropout)
            let workspace = Workspace()
            let activations = encoder.forward(batch, adaptation, workspace)
            let hidden = activations.hidden.values
            encoder.backward(activations.hidden, activations, batch, adaptation, workspace)
            withExtendedLifetime(workspace) {}
            let maps = weights.linearSitesOfLayers.filter { adaptation.linear(at: $0)?.weight == nil }
            return (hidden, gradient.values, panels?.byteCount ?? 0, maps.count)
        }
        let (plain, faster) = (try results(prepacked: false), try results(prepacked: true))
        #expect(differingBits(faster.hidden, plain.hidden) == nil)
        #expect(differingBits(faster.gradient, plain.gradient) == nil)
        // A map that replaces another is not frozen.
        #expect((faster.bytes > 0) == (faster.maps > 0))
    }

    // MARK: Parameters

    @Test("Only the named layers have parameters, as many as the formula says", arguments: MethodCase.all)
    func countsAndLayers(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        #expect(model.layout.count == test.parameters)
        #expect(model.layout.adapterCount == model.layout.count)
        #expect(Set(model.layout.slices.compactMap(\.layer)).sorted() == test.layers)
        for slice in model.layout.slices {
            if let layer = slice.layer { #expect(slice.name.hasPrefix("layer.\(layer).")) }
            // The reference scripts derive the kind from the name.
            let kind: ParameterKind =
                slice.name.contains("norm.") ? .norm : slice.name.hasSuffix("bias") ? .bias : .weight
            #expect(slice.kind == kind, "\(slice.name)")
        }
        #expect(try model.method.slices(on: model.tiny.weights, seed: 5) == model.layout.slices)
    }

    /// Operations per token on the tiny BERT, with d = 24, f = 40 and 3 layers.
    @Test(
        "Added operations are those of the formulas",
        arguments: [
            // w ⊙ A + b: a multiplication and an addition per column.
            (#"{"method": "hadamard"}"#, 3 * 2 * 24),
            (#"{"method": "hadamard", "layers": "1-2"}"#, 2 * 2 * 24),
            // Trained norms replace frozen ones.
            (#"{"method": "hadamard", "norm": "both"}"#, 3 * 2 * 24),
            // Query and value: inputs times p, outputs times s plus the constant.
            (#"{"method": "hut"}"#, 3 * 2 * (24 + 2 * 24)),
            (#"{"method": "hut", "targets": ["intermediate"], "layers": 0}"#, 24 + 2 * 40),
            (#"{"method": "hut", "targets": ["output"], "layers": 0}"#, 40 + 2 * 24),
            (#"{"method": "hut", "form": "lowrank"}"#, 3 * 2 * 2 * 24),
            (#"{"method": "hut", "form": "lowrank", "scale": false, "shift": false}"#, 0),
            // α = u · a + c, then α v: 2 f and 2 d.
            (#"{"method": "adapter-bias"}"#, 3 * 2 * (40 + 24)),
            (#"{"method": "adapter-bias", "shareAlpha": true, "layers": 2}"#, 2 * (40 + 24)),
            // A multiplication for each column of keys, values and the inner value.
            (#"{"method": "ia3"}"#, 3 * (24 + 24 + 40)),
            (#"{"method": "ia3", "feedForward": "none", "heads": true}"#, 3 * (24 + 24 + 24)),
            // x A and h B of rank 8 on query and value.
            (#"{"method": "lora"}"#, 3 * 2 * (2 * 8 * 24 + 2 * 8 * 24)),
            (#"{"method": "lora", "rank": 2, "targets": ["output"], "layers": 1}"#, 2 * 2 * (40 + 24)),
            (#"{"method": "prefix", "length": 5}"#, 3 * 4 * 5 * 24),
            (#"{"method": "full"}"#, 0), (#"{"method": "bitfit"}"#, 0), (#"{"method": "layernorm"}"#, 0),
            (#"{"method": "head"}"#, 0),
            (#"[{"method": "hadamard"}, {"method": "lora", "rank": 1}]"#, 3 * 2 * 24 + 3 * 2 * 2 * 48),
            (
                #"{"method": "sparse", "base": {"method": "lora", "rank": 1}, "largeSparse": 2}"#,
                3 * 2 * 4 * 48
            ),
        ] as [(String, Int)])
    func addedOperations(_ settings: String, _ expected: Int) throws {
        let method = try AdaptedModel.decode(settings).method
        #expect(try method.addedOperations(on: TinyModel().weights, tokens: 10) == Double(expected))
    }

    @Test("Parameters are counted as published", arguments: MethodCase.published)
    func publishedCounts(_ test: PublishedCount) throws {
        let (backbone, trained) = (try HollowBackbone(test.sizes), try TemporaryFolder())
        let settings = try test.settings(on: backbone.weights, trained)
        let slices = try AdaptedModel.decode(settings).method.slices(on: backbone.weights, seed: 1)
        withExtendedLifetime(trained) {}
        #expect(ParameterLayout(slices).adapterCount == test.parameters)
    }

    @Test("Random starts are a function of the seed", arguments: MethodCase.all)
    func startsDependOnTheSeed(_ test: MethodCase) throws {
        let (one, same, other) = (
            try AdaptedModel(test.settings), try AdaptedModel(test.settings),
            try AdaptedModel(test.settings, seed: 6)
        )
        #expect(differingBits(one.layout.initial, same.layout.initial) == nil)
        let isRandom = one.layout.slices.contains {
            switch $0.start {
            case .normal, .truncatedNormal, .uniform: true
            default: false
            }
        }
        #expect((one.layout.initial != other.layout.initial) == isRandom)
    }

    // MARK: Settings and files

    @Test(
        "Settings come back from their encoding, with every default filled in", arguments: MethodCase.all)
    func settingsRoundTrip(_ test: MethodCase) throws {
        let settings = try AdaptedModel.decode(test.settings)
        let data = try JSONEncoder().encode(settings)
        if let members = try JSONSerialization.jsonObject(with: data) as? [String: Any] {
            let keys = type(of: settings.method).settings.map(\.key)
            #expect(Set(members.keys) == Set(keys + ["method"]) && Set(keys).count == keys.count)
            #expect(members["method"] as? String == type(of: settings.method).name)
        }
        let again = try JSONDecoder().decode(AdapterSettings.self, from: data)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try encoder.encode(again) == encoder.encode(settings))
        let weights = try TinyModel().weights
        #expect(
            try again.method.slices(on: weights, seed: 1) == settings.method.slices(on: weights, seed: 1))
    }

    /// All but stacks, which have no section of their own.
    @Test(
        "A misspelt key is refused with the one that was meant",
        arguments: MethodCase.all.filter { $0.method != "stack" })
    func misspeltKeysAreRefused(_ test: MethodCase) throws {
        let method = try #require(AdapterTable.method(named: test.method))
        for key in method.settings.map(\.key) {
            let misspelt = test.settings.dropLast() + ", \"\(key)x\": 1}"
            let failure = #expect(throws: Failure.self) { try AdaptedModel.decode(String(misspelt)) }
            #expect(failure?.message == "unknown key '\(key)x'")
            #expect(failure?.remedy == "did you mean '\(key)'?")
            #expect(failure?.kind == .usage)
        }
    }

    @Test("Saved and read again, every bit is the same", arguments: MethodCase.all)
    func savesEveryBit(_ test: MethodCase) throws {
        let model = try AdaptedModel(test.settings)
        let folder = try TemporaryFolder()
        var parameters = model.parameters(movedBy: 0.3)
        let hard: [Float] = [-0.0, .leastNonzeroMagnitude, .infinity, 1e38, .init(bitPattern: 0x7fc0_1234)]
        for (index, value) in zip(parameters.indices, hard) { parameters[index] = value }
        try AdapterFolder.write(
            model.layout, parameters, configuration: ["method": "m"], to: folder.file("a"))
        let found = try AdapterFolder.read(model.layout, from: folder.file("a"))
        #expect(differingBits(found, parameters) == nil)
    }
}

/// Activations at a cut point, computed sequence by sequence, as no micro-batch would be computed.
private struct SequenceBySequence: CachedStart {
    let cutPoint: CutPoint
    let weights: EncoderWeights
    let batch: PackedBatch

    func fill(_ state: CutState, _ workspace: Workspace) {
        for sequence in 0..<batch.count {
            var part = PackedBatch()
            let tokens = batch.range(sequence)
            part.append(
                ids: Array(batch.ids[tokens]), segments: Array(batch.segments[tokens]),
                key: batch.keys[sequence])
            Encoder(weights).activations(at: cutPoint, part, into: state.rows(tokens), workspace)
        }
    }
}
