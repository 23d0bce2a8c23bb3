import Adapters
import Encoders
import Kernels
import TestSupport
import Testing

@Suite("AdapterBias")
struct AdapterBiasTests {
    @Test("The shift starts at zero, a and c between ±1/√f, the norms at the backbone's")
    func starts() throws {
        let model = try AdaptedModel(#"{"method": "adapter-bias", "layers": 1}"#)
        let names = model.layout.slices.map(\.name)
        #expect(
            names == [
                "embeddings.norm.weight", "embeddings.norm.bias", "layer.1.adapter-bias.alpha.weight",
                "layer.1.adapter-bias.alpha.bias", "layer.1.adapter-bias.shift.bias",
                "layer.1.output.norm.weight", "layer.1.output.norm.bias",
            ])
        let starts = model.layout.slices.map(\.initial)
        let bound = 1 / Float(40).squareRoot()
        #expect(starts[4].allSatisfy { $0 == 0 })
        for alpha in starts[2...3] { #expect(alpha.allSatisfy { abs($0) <= bound && $0 != 0 }) }
        #expect(starts[2].contains { abs($0) > bound / 2 })
        #expect(starts[5] == (0..<24).map { model.tiny.weights.layers[1].outputNorm.scale[$0] })
    }

    @Test("Dropout leaves the shift whole")
    func shiftIsNotDropped() throws {
        let model = try AdaptedModel(
            #"{"method": "adapter-bias", "outputNorm": false, "embeddingNorm": false, "layers": 2}"#)
        // α = 1 for every token and a shift far above everything else: less the norm's mean, h2 follows the
        // shift, unless some of it was dropped.
        var parameters = [Float](repeating: 0, count: model.layout.count)
        let shift = try #require(model.layout["layer.2.adapter-bias.shift.bias"])
        let one = try #require(model.layout["layer.2.adapter-bias.alpha.bias"])
        parameters[one.lowerBound] = 1
        for index in shift { parameters[index] = Float(index % 2) * 1e6 }
        let dropped = EncoderDropout(hidden: 0.5, attention: 0, seed: 3, step: 4)
        let (whole, thinned) = (model.outputs(parameters), model.outputs(parameters, dropout: dropped))
        #expect(mismatch(thinned, whole, Tolerance(absolute: 1e-3)) == nil)
    }

    /// The settings whose α is looked at: alone and in a list, in all layers and in some, shared and not.
    static let watched = [
        #"{"method": "adapter-bias"}"#,
        #"{"method": "adapter-bias", "shareAlpha": true, "layers": "0,2"}"#,
        #"[{"method": "hadamard", "norm": "none"}, {"method": "adapter-bias", "outputNorm": false}]"#,
    ]

    @Test("α of every token is u · a + c, computed by hand from the layers' states", arguments: watched)
    func shiftsOfTokens(_ settings: String) throws {
        let model = try AdaptedModel(settings)
        let parameters = GuardedMatrix(model.parameters(movedBy: 0.3))
        let bound = BoundParameters(model.layout, values: parameters.base, gradient: nil)
        let shifts = try #require(TokenShifts(bound))
        let activations = Activations(in: 0..<3)
        let adaptation = StackedAdaptation([
            model.bound.hooks(bound), activations, shifts,
        ])
        let watched = model.outputs(of: model.tiny.batch, adaptation, on: model.tiny.weights, .none)
        #expect(differingBits(watched, model.outputs(parameters.values)) == nil, "watching changes nothing")
        #expect(!shifts.values.isEmpty)
        for (layer, found) in shifts.values {
            func alpha(_ part: String) throws -> [Double] {
                let name = "adapter-bias.alpha.\(part)"
                let range = try #require(model.layout["layer.\(layer).\(name)"] ?? model.layout[name])
                return parameters.values[range].map { Double($0) }
            }
            let (a, c) = (try alpha("weight"), try alpha("bias")[0])
            let expected = try #require(activations.values[layer]).map { u in
                zip(u, a).reduce(c) { $0 + Double($1.0) * $1.1 }
            }
            #expect(expected.count == model.tiny.batch.tokens)
            #expect(mismatch(found.map { Double($0) }, expected, Tolerance(absolute: 2e-6)) == nil)
        }
    }

    @Test("Only AdapterBias, alone or in a list, has token shifts")
    func otherMethodsHaveNone() throws {
        for settings in Self.watched {
            #expect(TokenShifts.exist(in: try AdaptedModel.decode(settings).method))
        }
        let model = try AdaptedModel(#"{"method": "hadamard"}"#)
        let parameters = GuardedMatrix(model.layout.initial)
        #expect(!TokenShifts.exist(in: model.method))
        #expect(TokenShifts(BoundParameters(model.layout, values: parameters.base, gradient: nil)) == nil)
    }

    /// u of every layer, as W_2 reads it.
    private final class Activations: EncoderAdaptation {
        let lowestTrained: LayerSite? = nil
        private let layers: Range<Int>
        private(set) var values: [Int: [[Float]]] = [:]

        init(in layers: Range<Int>) { self.layers = layers }

        func acts(at place: LayerSite) -> Bool { place.site == .activation && layers.contains(place.layer) }

        func forward(
            _ u: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
        ) {
            values[place.layer] = (0..<u.rows).map { u.rows($0..<$0 + 1).values }
        }
    }
}
