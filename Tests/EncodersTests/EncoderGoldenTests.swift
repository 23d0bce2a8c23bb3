import Encoders
import Kernels
import TestSupport
import Testing

/// The tiny BERT against Hugging Face in double precision.
///
/// Three layers of float arithmetic end within a few 1e-6 of
/// hidden states that are about 3 at most; gradients add another three layers.
@Suite("The encoder against the goldens")
struct EncoderGoldenTests {
    let tiny: TinyModel
    let valueTolerance = Tolerance(absolute: 1e-6, relative: 3e-6)
    let gradientTolerance = Tolerance(relative: 1e-5)

    init() throws { tiny = try TinyModel() }

    @Test("Hidden states after the embeddings and after every layer")
    func hiddenStates() throws {
        var seen: [Int: [Float]] = [:]
        let workspace = Workspace()
        let activations = Encoder(tiny.weights).forward(tiny.batch, nil, workspace) { seen[$0] = $1.values }
        let last = withExtendedLifetime(workspace) { activations.hidden.values }
        #expect(seen.count == 4)
        for (layer, name) in [(-1, "embeddings"), (0, "0"), (1, "1"), (2, "2")] {
            let expected = try tiny.golden.floats("hidden.\(name)")
            #expect(mismatch(seen[layer] ?? [], expected, valueTolerance, name) == nil)
        }
        #expect(differingBits(last, seen[2] ?? []) == nil)
    }

    @Test("Pooled outputs: first token, mean, and the pretrained pooler")
    func pooledOutputs() throws {
        let d = tiny.weights.configuration.hidden
        let hidden = tiny.hidden()
        let (b, batch) = (tiny.batch.count, tiny.batch)
        let first = (0..<b).flatMap { hidden[(batch.offsets[$0] * d)..<(batch.offsets[$0] * d + d)] }
        #expect(mismatch(first, try tiny.golden.floats("pooled.cls"), valueTolerance) == nil)
        let mean = (0..<b).flatMap { sequence in
            (0..<d).map { column in
                let range = batch.range(sequence)
                return range.reduce(0.0) { $0 + Double(hidden[$1 * d + column]) } / Double(range.count)
            }
        }
        #expect(mismatch(mean, try tiny.golden.floats("pooled.mean"), valueTolerance) == nil)
        let pooler = try #require(tiny.weights.pooler)
        let pooled = GuardedMatrix(b, d)
        let weight = try #require(pooler.weight.floats)
        linear(GuardedMatrix(Array(first), rows: b).view, weight, pooler.bias, into: pooled.view)
        tanh(pooled.view)
        #expect(mismatch(pooled.values, try tiny.golden.floats("pooled.pooler"), valueTolerance) == nil)
    }

    @Test("Gradients at the inputs of layers and of every LayerNorm's γ and β")
    func gradients() throws {
        let bottom = LayerSite(LayerSite.belowLayers, .embeddings)
        let adaptation = TrainableSites(tiny.weights, lowest: bottom)
        let reached = tiny.backward(try tiny.golden.floats("upstream"), adaptation)
        #expect(reached.keys.sorted() == [0, 1, 2])
        for (layer, gradient) in reached {
            let expected = try tiny.golden.floats("gradient.layer.\(layer)")
            #expect(mismatch(gradient, expected, gradientTolerance, "input of layer \(layer)") == nil)
        }
        for place in tiny.weights.normSites {
            let name =
                switch place.site {
                case .embeddingNorm: "embeddings.norm"
                case .attentionNorm: "layer.\(place.layer).attention.norm"
                default: "layer.\(place.layer).output.norm"
                }
            let tensor = TrainableSites.Tensor(place: place, part: "vectors")
            let found = try #require(adaptation.gradients[tensor]).values
            let expected = try ["weight", "bias"].map { try tiny.golden.floats("gradient.\(name).\($0)") }
            #expect(mismatch(found, expected.flatMap { $0 }, gradientTolerance, name) == nil)
        }
    }

    @Test("Shards, a prefix, gamma and beta, and no pooler give the same bits")
    func shardedIsTheSame() throws {
        let sharded = try TinyModel(directory: TinyModel.variant("sharded"))
        #expect(differingBits(sharded.hidden(), tiny.hidden()) == nil)
        #expect(sharded.weights.pooler == nil && tiny.weights.pooler != nil)
        #expect(sharded.weights.configuration == tiny.weights.configuration)
    }

    @Test("F16 and BF16 weights compute what the rounded weights must", arguments: ["f16", "bf16"])
    func halfPrecision(name: String) throws {
        let rounded = try TinyModel(directory: TinyModel.variant(name))
        #expect(mismatch(rounded.hidden(), try tiny.golden.floats("\(name).hidden.2"), valueTolerance) == nil)
        #expect(rounded.hidden() != tiny.hidden())
        #expect(rounded.weights.mappedBytes == 0)
        #expect(rounded.weights.sharedBytes == 0)
        #expect(rounded.weights.copiedBytes == tiny.weights.mappedBytes)
    }

    @Test("Products in bfloat16 read BF16 weights where they lie, prepacked or not")
    func roundedInPlace() throws {
        let directory = TinyModel.variant("bf16")
        let mapped = try EncoderWeights(directory: directory, for: .bfloat16)
        let maps = mapped.linearSitesOfLayers.compactMap { mapped.linear(at: $0)?.weight }
        #expect(mapped.mappedBytes == 2 * maps.reduce(0) { $0 + $1.count })
        #expect(maps.allSatisfy { $0.floats == nil })
        let converted = try EncoderWeights(directory: directory)
        #expect(converted.mappedBytes == 0)
        #expect(mapped.copiedBytes == converted.copiedBytes - 2 * mapped.mappedBytes)
        #expect(mapped.namedTensors(prefix: "") == converted.namedTensors(prefix: ""))

        let upstream = tiny.hidden()
        let found = try [mapped, converted].flatMap { weights in
            let packed = try PrepackedWeights(ofEveryMap: weights, .bfloat16, in: PrivateMemory())
            return [nil, packed].map { packed in
                let workspace = Workspace()
                let encoder = Encoder(weights, packed: packed, .bfloat16)
                let adaptation = TrainableSites(weights, lowest: LayerSite(0, .heads), distance: 0.1)
                let activations = encoder.forward(tiny.batch, adaptation, workspace)
                let hidden = activations.hidden.values
                let gradient = GuardedMatrix(upstream, rows: tiny.batch.tokens)
                var reached: [Float] = []
                encoder.backward(gradient.view, activations, tiny.batch, adaptation, workspace) {
                    reached += $1.values
                }
                return withExtendedLifetime(workspace) { hidden + reached }
            }
        }
        for other in found.dropFirst() { #expect(differingBits(other, found[0]) == nil) }
    }

    @Test("F32 weights are used where the file is mapped, every one of them")
    func mappedInPlace() throws {
        #expect(tiny.weights.copiedBytes == 0)
        #expect(tiny.weights.mappedBytes == 4 * tiny.weights.configuration.parameterCount)
    }

    @Test("The same inputs give the same bits, in a used workspace too")
    func repeats() throws {
        let workspace = Workspace()
        let encoder = Encoder(tiny.weights)
        for _ in 0..<3 {
            let adaptation = TrainableSites(tiny.weights, lowest: LayerSite(0, .heads), distance: 0.1)
            let activations = encoder.forward(tiny.batch, adaptation, workspace)
            let expected = tiny.hidden(nil, TrainableSites(tiny.weights, lowest: nil, distance: 0.1))
            #expect(differingBits(activations.hidden.values, expected, "keeping and not keeping") == nil)
            workspace.reset()
        }
    }
}
