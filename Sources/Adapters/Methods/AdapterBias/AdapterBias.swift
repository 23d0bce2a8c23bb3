package import Diagnostics
package import Encoders
import Kernels

// AdapterBias (Fu et al., "AdapterBias: Parameter-efficient Token-dependent Representation Shift for Adapters
// in NLP Tasks", Findings of NAACL 2022, arXiv 2205.00305): all tokens of a layer share one shift v; its
// factor for a token is a linear function of the token's feed-forward activation.
//
//   α_t = u_t · a + c         u = GELU(h1 W_1 + b_1) [T, f], a [f], c [1]
//   h2  = LN2(dropout(y) + α ⊗ v + h1)                     v [d]; start v = 0, a and c uniform(±1/√f)
//
//   dv = Σ_t α_t dh_t    dα_t = v · dh_t    da = Σ_t dα_t u_t    dc = Σ_t dα_t    du_t += dα_t a
//
// where h is the input of LN2.
//
// Also trained: LN2 of those layers, and the embeddings' LayerNorm, both from the backbone's values.
//
// Parameters: 12 (768 + 3072 + 1) = 46,092 on BERT-base, 64,524 with LN2. The shift depends on the token, so
// it cannot be folded into W_2 and b_2.

/// AdapterBias: one shift vector per layer, weighted for each token by a linear function of its activation.
package struct AdapterBias: AdapterMethod {
    package static let name = "adapter-bias"
    package static let source = "Fu et al., Findings of NAACL 2022, arXiv 2205.00305"
    package static let summary =
        "a shift α_t v before LN2, with α_t a linear function of the token's activation"
    package static let keys: [MethodKey<Self>] = [
        MethodKey("shareAlpha", \.shareAlpha, "share one (a, c) among all layers"),
        MethodKey("outputNorm", \.outputNorm, "train LN2 of those layers"),
        MethodKey("embeddingNorm", \.embeddingNorm, "train the embeddings' LayerNorm"),
        .layers(\.layers),
    ]

    package var shareAlpha = false
    package var outputNorm = true
    package var embeddingNorm = true
    package var layers = LayerSet.all

    package init() {}

    package var mergeability: Mergeability {
        .never("each token has its own shift, but the backbone's biases are the same for all tokens")
    }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        BoundAdapterBias(method: self, layers: try layers.indices(on: weights), weights: weights)
    }
}

/// AdapterBias on a backbone.
private struct BoundAdapterBias: BoundMethod {
    let method: AdapterBias
    let layers: [Int]
    let weights: EncoderWeights

    func slices(seed: UInt64) -> [ParameterSlice] {
        let shape = weights.configuration
        func alpha(of layer: Int?) -> [ParameterSlice] {
            let start = ParameterStart.uniform(bound: 1 / Float(shape.intermediate).squareRoot(), seed: seed)
            return [
                ParameterSlice(TokenShift.a(layer), .weight, [shape.intermediate], start),
                ParameterSlice(TokenShift.c(layer), .bias, [1], start),
            ]
        }
        let embeddings =
            method.embeddingNorm
            ? BackboneTensor.norm(LayerSite(LayerSite.belowLayers, .embeddingNorm), of: weights) : []
        return embeddings + (method.shareAlpha ? alpha(of: nil) : [])
            + layers.flatMap { layer in
                (method.shareAlpha ? [] : alpha(of: layer)) + [
                    ParameterSlice(TokenShift.v.inLayer(layer), .bias, [shape.hidden], .constant(0))
                ] + (method.outputNorm ? BackboneTensor.norm(LayerSite(layer, .outputNorm), of: weights) : [])
            }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        StackedAdaptation([
            AdapterBiasHooks(parameters, in: method.layers), TrainedBackboneTensors(parameters, on: weights),
        ])
    }

    func addedOperations(tokens: Int) -> Double {
        Double(2 * layers.count * (weights.configuration.intermediate + weights.configuration.hidden))
    }
}

private final class AdapterBiasHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let shifts: [Int: TokenShift]
    private let isTraining: Bool
    /// α [T] and u [T, f] of each layer.
    private var saved: [Int: (alpha: UnsafeMutablePointer<Float>, u: Matrix)] = [:]

    init(_ parameters: BoundParameters, in layers: LayerSet) {
        shifts = TokenShift.byLayer(parameters, in: layers)
        isTraining = parameters.isTraining
        lowestTrained = parameters.lowest(shifts.keys, .feedForwardResidual)
    }

    func acts(at place: LayerSite) -> Bool {
        place.site == .feedForwardResidual && shifts[place.layer] != nil
    }

    func forward(
        _ y: Matrix, source u: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let shift = shifts[place.layer] else { return }
        let mark = workspace.mark
        let alpha = workspace.floats(u.rows)
        shift.weigh(u, into: alpha)
        addOuterProduct(alpha, shift.v.value, to: y)
        if isTraining { saved[place.layer] = (alpha, u) } else { workspace.release(to: mark) }
    }

    func backward(
        _ dy: Matrix, sourceGradient du: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        guard let shift = shifts[place.layer], let dv = shift.v.gradient, let da = shift.a.gradient,
            let dc = shift.c.gradient
        else { return }
        guard let (alpha, u) = saved[place.layer] else { preconditionFailure("no saved forward") }
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
