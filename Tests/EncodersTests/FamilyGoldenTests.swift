import Encoders
import Formats
import Kernels
import TestSupport
import Testing

/// The tiny encoders of all families but BERT against Hugging Face in double precision.
///
/// Tolerances are those of ``EncoderGoldenTests``.
@Suite("Every family against its goldens")
struct FamilyGoldenTests {
    static let families = TinyModel.families.filter { $0 != .bert }
    let valueTolerance = Tolerance(absolute: 1e-6, relative: 3e-6)

    @Test("Hidden states after the embeddings and after every layer", arguments: families)
    func hiddenStates(_ family: EncoderFamily) throws {
        let tiny = try TinyModel(family)
        var seen: [Int: [Float]] = [:]
        let workspace = Workspace()
        _ = Encoder(tiny.weights).forward(tiny.batch, nil, workspace) { seen[$0] = $1.values }
        withExtendedLifetime(workspace) {}
        for (layer, name) in [(-1, "embeddings"), (0, "0"), (1, "1"), (2, "2")] {
            let expected = try tiny.golden.floats("hidden.\(name)")
            #expect(mismatch(seen[layer] ?? [], expected, valueTolerance, name) == nil)
        }
        #expect(tiny.weights.mappedBytes == 4 * tiny.weights.configuration.parameterCount)
        #expect((tiny.weights.pooler != nil) == tiny.golden.file.names.contains("pooled.pooler"))
    }

    @Test("Gradients of every tensor, those that layers share too", arguments: families)
    func gradients(_ family: EncoderFamily) throws {
        let tiny = try TinyModel(family)
        let weights = tiny.weights
        let sites = TrainableSites(weights, lowest: .embeddings, acting: [])
        let (batch, d) = (tiny.batch, weights.configuration.hidden)
        let (encoder, workspace) = (Encoder(weights), Workspace())
        let activations = encoder.forward(batch, sites, workspace)
        let upstream = try tiny.golden.floats("upstream")
        let dh = GuardedMatrix(upstream, rows: batch.tokens)
        if weights.pooler != nil {
            let (first, p, dFirst) = (
                workspace.matrix(batch.count, d), workspace.matrix(batch.count, d),
                workspace.matrix(batch.count, d)
            )
            batch.gatherFirst(activations.hidden, into: first)
            encoder.pool(first, sites, into: p)
            #expect(mismatch(p.values, try tiny.golden.floats("pooled.pooler"), valueTolerance) == nil)
            let dp = GuardedMatrix(Array(upstream.prefix(p.count)), rows: batch.count)
            encoder.poolBackward(dp.view, first: first, p: p, sites, into: dFirst)
            for sequence in 0..<batch.count {
                let token = batch.offsets[sequence]
                add(dFirst.rows(sequence..<sequence + 1), to: dh.view.rows(token..<token + 1))
            }
        }
        encoder.backward(dh.view, activations, batch, sites, workspace)
        withExtendedLifetime(workspace) {}
        for tensor in weights.namedTensors(prefix: "") {
            let expected = try tiny.golden.floats("gradient.\(tensor.name)")
            let found = try #require(sites.gradient(ofTensor: tensor.name, in: weights), "\(tensor.name)")
            // Terms that cancel, as in the gradient of a key's bias, leave the rounding of the terms.
            let tolerance = Tolerance(absolute: 3e-6, relative: 2e-5)
            #expect(mismatch(found, expected, tolerance, tensor.name) == nil)
        }
    }

    @Test(
        "A padding token within a text has padding's own position, where positions depend on it",
        arguments: families)
    func paddingInText(_ family: EncoderFamily) throws {
        let tiny = try TinyModel(family)
        var batch = PackedBatch()
        let ids = try tiny.golden.integers("padded.ids").map { Int32($0) }
        batch.append(ids: ids, segments: ids.map { _ in 0 }, key: 0)
        #expect(mismatch(tiny.hidden(batch), try tiny.golden.floats("padded.hidden"), valueTolerance) == nil)
    }

    @Test(
        "The activation that config.json names",
        arguments: Activation.configurationNames)
    func activation(_ name: String) throws {
        let folder = try TemporaryFolder(copying: TinyModel.directory)
        try folder.write(
            try changed("hidden_act", to: "\"\(name)\"", in: folder.read("config.json")), to: "config.json")
        let (tiny, golden) = (
            try TinyModel(directory: folder.path), try Golden("encoders/activations")
        )
        #expect(mismatch(tiny.hidden(), try golden.floats("\(name).hidden"), valueTolerance) == nil)
        let sites = TrainableSites(tiny.weights, lowest: .embeddings)
        let reached = tiny.backward(try tiny.golden.floats("upstream"), sites)
        let expected = try golden.floats("\(name).gradient")
        #expect(mismatch(reached[0] ?? [], expected, Tolerance(relative: 1e-5)) == nil)
    }

    @Test("Segments are ignored where there are none, whatever they are", arguments: families)
    func segments(_ family: EncoderFamily) throws {
        let tiny = try TinyModel(family)
        if tiny.weights.configuration.segments != nil { return }
        var other = PackedBatch()
        for sequence in 0..<tiny.batch.count {
            let ids = Array(tiny.batch.ids[tiny.batch.range(sequence)])
            other.append(ids: ids, segments: ids.map { _ in 1 << 20 }, key: 0)
        }
        #expect(differingBits(tiny.hidden(other), tiny.hidden()) == nil)
    }
}
