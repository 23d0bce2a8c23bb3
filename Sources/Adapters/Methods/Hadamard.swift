package import Diagnostics
package import Encoders
import Kernels

// Hadamard adapter (Chen et al., "Hadamard Adapter: An Extreme Parameter-Efficient Adapter Tuning Method for
// Pre-trained Language Models", CIKM 2023, arXiv 2407.11033):
//
//   A' = w ⊙ A + b            one (w, b) ∈ R^d × R^d a layer, the same for every token; start w = 1, b = 0
//   dw = Σ_t dA' ⊙ A    db = Σ_t dA'    dA = w ⊙ dA'
//
// and γ, β of one LayerNorm a layer, starting from the backbone's. The summaries of the paper leave the site
// and the norm open, so both are settings: A is the concatenated attention heads, or the output of W_O.
//
// Merged: heads W_O ← diag(w) W_O, b_O ← b W_O + b_O; projection W_O ← W_O diag(w), b_O ← w ⊙ b_O + b.

/// The Hadamard adapter: an element-wise scale and shift of the self-attention output, and a LayerNorm.
package struct Hadamard: LinearMapMethod {
    package static let name = "hadamard"
    package static let source = "Chen et al., CIKM 2023, arXiv 2407.11033"
    package static let summary = "w ⊙ A + b on the self-attention output, and a LayerNorm of each layer"
    package static let keys: [MethodKey<Self>] = [
        MethodKey("site", \.site, "A: the concatenated heads, or the output of W_O"),
        MethodKey("norm", \.norm, "the LayerNorms that are trained"),
        .layers(\.layers),
    ]

    package enum ActingSite: String, NamedChoice {
        /// The concatenated attention heads, before W_O.
        case heads
        /// The output of W_O, before dropout, residual and LayerNorm.
        case projection
    }

    package var site = ActingSite.heads
    package var norm = TrainedNorms.attention
    package var layers = LayerSet.all

    package init() {}

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { [.projection] }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        BoundHadamard(method: self, layers: try layers.indices(on: weights), weights: weights)
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        for (layer, scale) in HadamardScale.byLayer(parameters, in: layers) {
            guard let own = merged.linear(at: LayerSite(layer, .projection)) else { continue }
            // W_O is stored as [out, in]: its columns belong to the heads.
            let (w, b) = (scale.w.value, scale.b.value)
            switch site {
            case .heads:
                for r in 0..<own.weight.rows {
                    own.bias[r] += dotProduct(own.weight.row(r), b, own.weight.columns)
                    for c in 0..<own.weight.columns { own.weight[r, c] *= w[c] }
                }
            case .projection:
                for r in 0..<own.weight.rows {
                    own.bias[r] = w[r] * own.bias[r] + b[r]
                    for c in 0..<own.weight.columns { own.weight[r, c] *= w[r] }
                }
            }
        }
    }
}

/// The Hadamard adapter on a backbone.
private struct BoundHadamard: BoundMethod {
    let method: Hadamard
    let layers: [Int]
    let weights: EncoderWeights

    func slices(seed: UInt64) -> [ParameterSlice] {
        let d = weights.configuration.hidden
        return layers.flatMap { layer in
            [
                ParameterSlice(HadamardScale.w.inLayer(layer), .weight, [d], .constant(1)),
                ParameterSlice(HadamardScale.b.inLayer(layer), .bias, [d], .constant(0)),
            ] + method.norm.sites.flatMap { BackboneTensor.norm(LayerSite(layer, $0), of: weights) }
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        StackedAdaptation([
            HadamardHooks(method, parameters), TrainedBackboneTensors(parameters, on: weights),
        ])
    }

    func addedOperations(tokens: Int) -> Double { Double(2 * layers.count * weights.configuration.hidden) }
}

/// w and b of one layer.
private struct HadamardScale {
    let w, b: BoundTensor

    static let w = TensorName(Hadamard.name, "weight")
    static let b = TensorName(Hadamard.name, "bias")

    static func byLayer(_ parameters: BoundParameters, in layers: LayerSet) -> [Int: HadamardScale] {
        parameters.byLayer(w, in: layers).zipped(with: parameters.byLayer(b, in: layers)) {
            HadamardScale(w: $0, b: $1)
        }
    }
}

private final class HadamardHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let site: Site
    private let scales: [Int: HadamardScale]
    /// A of each layer [T, d], before it was scaled.
    private var saved: [Int: Matrix] = [:]
    private let isTraining: Bool

    init(_ method: Hadamard, _ parameters: BoundParameters) {
        site = method.site == .heads ? .heads : .projection
        isTraining = parameters.isTraining
        scales = HadamardScale.byLayer(parameters, in: method.layers)
        lowestTrained = parameters.lowest(scales.keys, site)
    }

    func acts(at place: LayerSite) -> Bool { place.site == site && scales[place.layer] != nil }

    func forward(
        _ a: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let scale = scales[place.layer] else { return }
        if isTraining { saved[place.layer] = workspace.copy(of: a) }
        scaleAndShift(a, by: scale.w.value, scale.b.value)
    }

    func backward(
        _ dA: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        guard let scale = scales[place.layer] else { return }
        guard let a = saved[place.layer] else { preconditionFailure("no saved forward") }
        scaleAndShiftBackward(dA, x: a, w: scale.w.value, dw: scale.w.gradient, db: scale.b.gradient)
    }
}
