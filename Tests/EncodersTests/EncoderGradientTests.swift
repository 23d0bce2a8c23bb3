import Encoders
import Kernels
import TestSupport
import Testing

@Suite("The encoder's backward")
struct EncoderGradientTests {
    let tiny: TinyModel
    let upstream: [Float]

    init() throws {
        tiny = try TinyModel()
        upstream = try tiny.golden.floats("upstream")
    }

    static let bottom = LayerSite.embeddings
    static let places =
        [.embeddings, .embeddingNorm, .embeddingProjection]
        + (0..<3).flatMap { layer in Site.ofLayers.map { LayerSite(layer, $0) } }
    static let dropouts = [
        EncoderDropout.none, EncoderDropout(hidden: 0.2, attention: 0, seed: 1, step: 2),
        EncoderDropout(hidden: 0, attention: 0.3, seed: 1, step: 2),
        EncoderDropout(hidden: 0.2, attention: 0.3, seed: 1, step: 2),
    ]

    @Test(
        "Gradients at every site are the slopes of the forward, with and without dropout", arguments: 0..<4,
        TinyModel.families)
    func finiteDifferencesAgree(dropoutIndex: Int, family: EncoderFamily) throws {
        let (dropout, tiny) = (Self.dropouts[dropoutIndex], try TinyModel(family))
        let upstream = try tiny.golden.floats("upstream")
        let adaptation = TrainableSites(tiny.weights, lowest: Self.bottom, distance: 0.2)
        tiny.backward(upstream, adaptation, dropout: dropout)
        let frozen = TrainableSites(tiny.weights, lowest: nil, distance: 0.2)
        for tensor in frozen.values.keys.sorted() {
            let values = try #require(frozen.values[tensor])
            let found = try #require(adaptation.gradients[tensor]).values
            let start = values.values
            // A few numbers of each tensor, fewer where goldens have all of them; an odd distance, since rows
            // are even.
            let distance = max(7, start.count / (family == .bert ? 9 : 3) | 1)
            let chosen = Array(
                stride(from: (tensor.place.layer + 1) % start.count, to: start.count, by: distance))
            let slopes = finiteDifferences(
                of: { moved in
                    for (index, value) in zip(chosen, moved) { values.base[index] = value }
                    return dot(tiny.hidden(nil, frozen, dropout: dropout), upstream)
                }, at: chosen.map { start[$0] }, step: 0.02)
            for (index, value) in start.enumerated() { values.base[index] = value }
            // Slopes of a float loss of about 30: 1e-6 / 0.02 of rounding and h⁴ of truncation.
            let tolerance = Tolerance(absolute: 1e-3, relative: 2e-3)
            #expect(mismatch(chosen.map { found[$0] }, slopes, tolerance, "\(tensor)") == nil)
        }
    }

    @Test(
        "Backward stops at the lowest trained place, and what it reaches is as without stopping",
        arguments: places, TinyModel.families)
    func stopsAtTheLowestPlace(lowest: LayerSite, family: EncoderFamily) throws {
        let tiny = try TinyModel(family)
        let upstream = try tiny.golden.floats("upstream")
        for dropout in [Self.dropouts[0], Self.dropouts[3]] {
            let whole = TrainableSites(tiny.weights, lowest: Self.bottom, distance: 0.2)
            let part = TrainableSites(tiny.weights, lowest: lowest, distance: 0.2)
            let (all, reached) = (
                tiny.backward(upstream, whole, dropout: dropout),
                tiny.backward(upstream, part, dropout: dropout)
            )
            #expect(reached.keys.sorted() == Array((lowest.layer + 1)..<3).filter { $0 >= 0 })
            for (layer, gradient) in reached { #expect(differingBits(gradient, all[layer] ?? []) == nil) }
            for (tensor, gradient) in part.gradients {
                let found = gradient.values
                if tensor.place < lowest {
                    #expect(found.allSatisfy { $0 == 0 }, "\(tensor) lies below \(lowest)")
                } else {
                    let expected = try #require(whole.gradients[tensor]).values
                    #expect(differingBits(found, expected, "\(tensor)") == nil)
                    #expect(found.contains { $0 != 0 })
                }
            }
        }
    }

    @Test("Nothing trained: backward does nothing, and the forward keeps nothing")
    func nothingTrained() {
        let adaptation = TrainableSites(tiny.weights, lowest: nil)
        #expect(tiny.backward(upstream, adaptation).isEmpty)
        #expect(adaptation.gradients.values.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    }

    @Test("Layers that backward won't visit give their memory back")
    func frozenLayersKeepNothing() {
        let (tokens, d) = (tiny.batch.tokens, tiny.weights.configuration.hidden)
        for dropout in [Self.dropouts[0], Self.dropouts[2]] {
            let workspace = Workspace()
            let start = workspace.floats(16)
            let activations = Encoder(tiny.weights, dropout: dropout).forward(tiny.batch, nil, workspace)
            #expect(activations.hidden.base == start + 16)
            // Takes are whole multiples of 16 floats.
            #expect(workspace.floats(16) == start + 16 + (tokens * d + 15) / 16 * 16)
        }
    }

    @Test("At identity the adapted encoder has the frozen one's bits")
    func identity() {
        let adapted = tiny.hidden(nil, TrainableSites(tiny.weights, lowest: nil))
        #expect(differingBits(adapted, tiny.hidden()) == nil)
    }

    @Test("Gradients are added to what is there")
    func gradientsAccumulate() throws {
        let once = TrainableSites(tiny.weights, lowest: Self.bottom, distance: 0.2)
        let twice = TrainableSites(tiny.weights, lowest: Self.bottom, distance: 0.2)
        tiny.backward(upstream, once)
        for _ in 0..<2 { tiny.backward(upstream, twice) }
        for (tensor, gradient) in once.gradients {
            let expected = gradient.values.map { 2 * $0 }
            let found = try #require(twice.gradients[tensor]).values
            #expect(mismatch(found, expected, Tolerance(relative: 1e-6), "\(tensor)") == nil)
        }
    }

    @Test("Sites lie in the order of the forward pass")
    func order() {
        var random = TestRandom("sites in another order")
        #expect(Self.places == Self.places.shuffled(using: &random).sorted())
        #expect(
            LayerSite(0, .outputNorm) < LayerSite(1, .queryInput)
                && LayerSite(2, .outputNorm) < LayerSite(3, .pooler))
    }
}
