package import Diagnostics
package import Encoders
import Kernels

// IA³ (Liu et al., "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning",
// NeurIPS 2022, arXiv 2205.05638): a scale l on keys, on values, and on the feed-forward layer's inner value;
// start l = 1.
//
//   k' = l_k ⊙ k    v' = l_v ⊙ v    u' = l_u ⊙ u  (or z' = l_z ⊙ z)
//   y' = l ⊙ y:  dl = Σ_t dy' ⊙ y    dy = l ⊙ dy'
//
// k and v include their biases, as in PEFT. In the feed-forward layer the paper and PEFT scale the input of
// W_2, u = φ(z) with the activation φ; AdapterHub scales z. `heads` scales the input of W_O too, which is
// PEFT's default for BERT.
//
// Count: d + d + f a layer; bert-base 55,296. Merged: rows of W_K, b_K, W_V, b_V; columns of W_2, or rows of
// W_1, b_1; columns of W_O.

/// IA³: keys, values and the feed-forward layer's inner value, each scaled element by element.
package struct IA3: LinearMapMethod {
    package static let name = "ia3"
    package static let source = "Liu et al., NeurIPS 2022, arXiv 2205.05638"
    package static let summary = "l ⊙ keys, l ⊙ values and l ⊙ the feed-forward layer's inner value"
    package static let keys: [MethodKey<Self>] = [
        MethodKey(
            "feedForward", \.feedForward,
            "the value scaled in the feed-forward layer: after the activation, before it, or none"),
        MethodKey("heads", \.heads, "scale the concatenated heads too"),
        .layers(\.layers),
    ]

    package enum FeedForward: String, NamedChoice {
        /// u, after the activation, as in the paper and PEFT.
        case activation
        /// z, before the activation, as in AdapterHub.
        case intermediate
        case none
    }

    /// The scaled value of the feed-forward layer.
    package var feedForward = FeedForward.activation
    /// Whether the concatenated heads, the input of W_O, are scaled too.
    package var heads = false
    package var layers = LayerSet.all

    package init() {}

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(sites.map { Self.reader(of: $0) ?? $0 }) }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        BoundIA3(method: self, layers: try layers.indices(on: weights), weights: weights)
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        for (place, l) in scales(parameters) {
            // A scaled input scales the columns of the map that reads it, a scaled output the rows of its own
            // map.
            if let reader = Self.reader(of: place.site) {
                if let own = merged.linear(at: LayerSite(place.layer, reader)) {
                    scale(own.weight, by: l.value)
                }
            } else if let own = merged.linear(at: place) {
                for r in 0..<own.weight.rows {
                    own.bias[r] *= l.value[r]
                    for c in 0..<own.weight.columns { own.weight[r, c] *= l.value[r] }
                }
            }
        }
    }

    /// The linear map whose input is the value at a site; nil if the value is a map's output.
    package static func reader(of site: Site) -> Site? {
        switch site {
        case .heads: .projection
        case .activation: .output
        default: nil
        }
    }

    /// The sites of the scaled values.
    fileprivate var sites: [Site] {
        let inner: [Site] =
            switch feedForward {
            case .activation: [.activation]
            case .intermediate: [.intermediate]
            case .none: []
            }
        return [.key, .value] + (heads ? [.heads] : []) + inner
    }

    fileprivate func scales(_ parameters: BoundParameters) -> [LayerSite: BoundTensor] {
        parameters.bySite(Self.name, "weight", at: sites, in: layers)
    }
}

/// IA³ on a backbone.
private struct BoundIA3: BoundMethod {
    let method: IA3
    let layers: [Int]
    let weights: EncoderWeights

    func slices(seed: UInt64) -> [ParameterSlice] {
        layers.flatMap { layer in
            method.sites.map { site in
                ParameterSlice(
                    TensorName(IA3.name, layer: layer, site: site, "weight"), .weight, [width(site)],
                    .constant(1))
            }
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        IA3Hooks(method.scales(parameters), isTraining: parameters.isTraining)
    }

    func addedOperations(tokens: Int) -> Double {
        Double(layers.count * method.sites.reduce(0) { $0 + width($1) })
    }

    private func width(_ site: Site) -> Int {
        [.activation, .intermediate].contains(site)
            ? weights.configuration.intermediate : weights.configuration.hidden
    }
}

private final class IA3Hooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let scales: [LayerSite: BoundTensor]
    private let isTraining: Bool
    /// Each value [T, width], before it was scaled.
    private var saved: [LayerSite: Matrix] = [:]

    init(_ scales: [LayerSite: BoundTensor], isTraining: Bool) {
        self.scales = scales
        self.isTraining = isTraining
        lowestTrained = isTraining ? scales.keys.min() : nil
    }

    func acts(at place: LayerSite) -> Bool { scales[place] != nil }

    func forward(
        _ y: Matrix, source: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let l = scales[place] else { return }
        if isTraining { saved[place] = workspace.copy(of: y) }
        scale(y, by: l.value)
    }

    func backward(
        _ dy: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        guard let l = scales[place] else { return }
        guard let y = saved[place] else { preconditionFailure("no saved forward") }
        scaleAndShiftBackward(dy, x: y, w: l.value, dw: l.gradient, db: nil)
    }
}
