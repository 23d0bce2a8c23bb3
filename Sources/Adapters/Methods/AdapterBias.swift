import Diagnostics
package import Encoders
import Kernels

// AdapterBias (Fu et al., "AdapterBias: Parameter-efficient Token-dependent Representation Shift for Adapters in NLP
// Tasks", Findings of NAACL 2022, arXiv 2205.00305): the shift v of a layer is the same for all tokens, how much of it
// a token gets is a linear function of its feed-forward activation.
//
//   α_t = u_t · a + c         u = GELU(h1 W_1 + b_1) [T, f], a [f], c [1]
//   h2  = LN2(dropout(y) + α ⊗ v + h1)                     v [d]; start v = 0, a and c uniform(±1/√f)
//
//   dv = Σ_t α_t dh_t    dα_t = v · dh_t    da = Σ_t dα_t u_t    dc = Σ_t dα_t    du_t += dα_t a    (h: what LN2 reads)
//
// Also trained: LN2 of those layers, and the embeddings' LayerNorm, both from the backbone's values.
//
// 12 (768 + 3072 + 1) = 46,092 numbers on BERT-base, 64,524 with LN2. The shift depends on the token, so it can't be
// folded into W_2 and b_2.

/// AdapterBias: one shift vector a layer, weighted by a number that each token's activation gives.
package struct AdapterBias: AdapterMethod {
    package static let name = "adapter-bias"
    package static let source = "Fu et al., Findings of NAACL 2022, arXiv 2205.00305"
    package static let summary =
        "a shift α_t v before LN2, with α_t a linear function of the token's activation"
    package static let settings = [
        MethodSetting("shareAlpha", "true, false", "whether all layers have one (a, c)"),
        MethodSetting("outputNorm", "true, false", "whether LN2 of those layers is trained"),
        MethodSetting("embeddingNorm", "true, false", "whether the embeddings' LayerNorm is trained"),
        .layers,
    ]

    /// Whether all layers have one (a, c).
    package let shareAlpha: Bool
    /// Whether LN2 of those layers is trained.
    package let outputNorm: Bool
    /// Whether the embeddings' LayerNorm is trained.
    package let embeddingNorm: Bool
    /// Which layers have a shift.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case shareAlpha, outputNorm, embeddingNorm, layers }

    /// Makes the method with settings.
    package init(
        shareAlpha: Bool = false, outputNorm: Bool = true, embeddingNorm: Bool = true, layers: LayerSet = .all
    ) {
        self.shareAlpha = shareAlpha
        self.outputNorm = outputNorm
        self.embeddingNorm = embeddingNorm
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        shareAlpha = try section.value(.shareAlpha, default: false)
        outputNorm = try section.value(.outputNorm, default: true)
        embeddingNorm = try section.value(.embeddingNorm, default: true)
        layers = try section.value(.layers, default: .all)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        let shape = weights.configuration
        func alpha(of layer: Int?) -> [ParameterSlice] {
            let bound = 1 / Float(shape.intermediate).squareRoot()
            return [("weight", ParameterKind.weight, shape.intermediate), ("bias", .bias, 1)].map {
                part, kind, count in
                let name = "\(layer.map { "layer.\($0)." } ?? "")adapter-bias.alpha.\(part)"
                return ParameterSlice(
                    name: name, kind: kind, layer: layer, shape: [count],
                    start: .uniform(bound: bound, RandomName(seed, name)))
            }
        }
        let below =
            embeddingNorm ? BackboneTensor.norm(Place(Place.belowLayers, .embeddingNorm), of: weights) : []
        return try below + (shareAlpha ? alpha(of: nil) : [])
            + layers.indices(of: shape.layers, key: "adapter.layers").flatMap { layer in
                (shareAlpha ? [] : alpha(of: layer)) + [
                    ParameterSlice(
                        name: "layer.\(layer).adapter-bias.shift.bias", kind: .bias, layer: layer,
                        shape: [shape.hidden], start: .constant(0))
                ] + (outputNorm ? BackboneTensor.norm(Place(layer, .outputNorm), of: weights) : [])
            }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        StackedAdaptation([Acting(parameters), RetrainedBackbone(parameters, on: weights)])
    }

    package var mergeability: Mergeability {
        .never("the shift is another one for each token, and the backbone's biases are the same for all")
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let shape = weights.configuration
        let count = try layers.indices(of: shape.layers, key: "adapter.layers").count
        return Double(2 * count * (shape.intermediate + shape.hidden))
    }

    // MARK: Parameters

    /// v of each layer, with the layer's (a, c) or that of all layers.
    struct Shift {
        let v: BoundTensor
        let a: BoundTensor
        let c: BoundTensor

        static func byLayer(_ parameters: BoundParameters) -> [Int: Shift] {
            var found: [Int: Shift] = [:]
            for (layer, v) in parameters.byLayer("adapter-bias.shift.bias") {
                func alpha(_ part: String) -> BoundTensor? {
                    let name = "adapter-bias.alpha.\(part)"
                    return parameters["layer.\(layer).\(name)"] ?? parameters[name]
                }
                if let a = alpha("weight"), let c = alpha("bias") { found[layer] = Shift(v: v, a: a, c: c) }
            }
            return found
        }

        /// α [T] from u [T, f].
        func weigh(_ u: Matrix, into alpha: UnsafeMutablePointer<Float>) {
            tokenScalars(of: u, a.value, plus: c.value[0], into: alpha)
        }
    }

    // MARK: Forward and backward

    private final class Acting: EncoderAdaptation {
        let lowestTrained: Place?
        private let shifts: [Int: Shift]
        private let isTraining: Bool
        /// α [T] and u [T, f] of each layer.
        private var kept: [Int: (alpha: UnsafeMutablePointer<Float>, u: Matrix)] = [:]

        init(_ parameters: BoundParameters) {
            shifts = Shift.byLayer(parameters)
            isTraining = parameters.isTraining
            lowestTrained = parameters.lowest(shifts.keys, .feedForwardResidual)
        }

        func acts(at place: Place) -> Bool {
            place.site == .feedForwardResidual && shifts[place.layer] != nil
        }

        func forward(
            _ y: Matrix, source u: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
        ) {
            guard let shift = shifts[place.layer] else { return }
            let mark = workspace.mark
            let alpha = workspace.floats(u.rows)
            shift.weigh(u, into: alpha)
            addOuterProduct(alpha, shift.v.value, to: y)
            if isTraining { kept[place.layer] = (alpha, u) } else { workspace.release(to: mark) }
        }

        func backward(
            _ dy: Matrix, sourceGradient du: Matrix?, at place: Place, _ batch: PackedBatch,
            _ workspace: Workspace
        ) {
            guard let shift = shifts[place.layer], let (alpha, u) = kept[place.layer],
                let dv = shift.v.gradient, let da = shift.a.gradient, let dc = shift.c.gradient
            else { return }
            let mark = workspace.mark
            let dAlpha = workspace.floats(u.rows)
            tokenScalars(of: dy, shift.v.value, into: dAlpha)
            addWeightedColumnSums(of: dy, by: alpha, to: dv)
            addWeightedColumnSums(of: u, by: dAlpha, to: da)
            dc[0] += sum(dAlpha, u.rows)
            if let du { addOuterProduct(dAlpha, shift.a.value, to: du) }
            workspace.release(to: mark)
        }
    }
}
