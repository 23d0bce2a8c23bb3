import Diagnostics
package import Encoders
import Kernels

// IA³ (Liu et al., "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning", NeurIPS
// 2022, arXiv 2205.05638): a scale l on keys, on values, and on the feed-forward layer's inner value; start l = 1.
//
//   k' = l_k ⊙ k    v' = l_v ⊙ v    u' = l_u ⊙ u  (or z' = l_z ⊙ z)        y' = l ⊙ y:  dl = Σ_t dy' ⊙ y    dy = l ⊙ dy'
//
// k and v have their biases already, as in PEFT. In the feed-forward layer the paper and PEFT scale what W_2 reads,
// u = GELU(z); AdapterHub scales z. `heads` scales what W_O reads too: PEFT does so where it is told nothing of a BERT.
//
// Count: d + d + f a layer; bert-base 55,296. Merged: rows of W_K, b_K, W_V, b_V; columns of W_2, or rows of W_1, b_1;
// columns of W_O.

/// IA³: keys, values and the feed-forward layer's inner value, each scaled element by element.
package struct IA3: AdapterMethod {
    package static let name = "ia3"
    package static let source = "Liu et al., NeurIPS 2022, arXiv 2205.05638"
    package static let summary = "l ⊙ keys, l ⊙ values and l ⊙ the feed-forward layer's inner value"
    package static let settings = [
        MethodSetting(
            "feedForward", "activation, intermediate, none",
            "what is scaled in the feed-forward layer: after GELU, before it, or nothing"),
        MethodSetting("heads", "true, false", "whether the concatenated heads are scaled too"),
        .layers,
    ]

    /// What is scaled in the feed-forward layer.
    package enum FeedForward: String, NamedChoice {
        /// u, after GELU: the paper's and PEFT's.
        case activation
        /// z, before GELU: AdapterHub's.
        case intermediate
        /// Nothing.
        case none
    }

    /// What is scaled in the feed-forward layer.
    package let feedForward: FeedForward
    /// Whether the concatenated heads, which W_O reads, are scaled too.
    package let heads: Bool
    /// The layers that have scales.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case feedForward, heads, layers }

    /// Makes the method with settings.
    package init(feedForward: FeedForward = .activation, heads: Bool = false, layers: LayerSet = .all) {
        self.feedForward = feedForward
        self.heads = heads
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        feedForward = try section.value(.feedForward, default: .activation)
        heads = try section.value(.heads, default: false)
        layers = try section.value(.layers, default: .all)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        try layers.indices(of: weights.configuration.layers, key: "adapter.layers").flatMap { layer in
            sites.map { site in
                ParameterSlice(
                    name: "layer.\(layer).\(Self.name(site))", kind: .weight, layer: layer,
                    shape: [width(site, weights)], start: .constant(1))
            }
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        Acting(scales(parameters), parameters)
    }

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { Set(sites.map { Self.reader[$0] ?? $0 }) }

    /// The maps that read what is scaled at a site; at every other site a map's own result is scaled.
    private static let reader: [Site: Site] = [.heads: .projection, .activation: .output]

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        for (place, l) in scales(parameters) {
            // What a map reads is scaled in its columns; every other value in the rows of the map that makes it.
            if let reader = Self.reader[place.site] {
                if let own = merged.linear(at: Place(place.layer, reader)) { scale(own.weight, by: l.value) }
            } else if let own = merged.linear(at: place) {
                for r in 0..<own.weight.rows {
                    own.bias[r] *= l.value[r]
                    for c in 0..<own.weight.columns { own.weight[r, c] *= l.value[r] }
                }
            }
        }
    }

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let count = try layers.indices(of: weights.configuration.layers, key: "adapter.layers").count
        return Double(count * sites.reduce(0) { $0 + width($1, weights) })
    }

    private var sites: [Site] {
        let inner: [Site] =
            switch feedForward {
            case .activation: [.activation]
            case .intermediate: [.intermediate]
            case .none: []
            }
        return [.key, .value] + (heads ? [.heads] : []) + inner
    }

    private func width(_ site: Site, _ weights: EncoderWeights) -> Int {
        [.activation, .intermediate].contains(site)
            ? weights.configuration.intermediate : weights.configuration.hidden
    }

    private static func name(_ site: Site) -> String { "ia3.\(site).weight" }

    private func scales(_ parameters: BoundParameters) -> [Place: BoundTensor] {
        var scales: [Place: BoundTensor] = [:]
        for site in sites {
            for (layer, l) in parameters.byLayer(Self.name(site)) { scales[Place(layer, site)] = l }
        }
        return scales
    }

    // MARK: Forward and backward

    private final class Acting: EncoderAdaptation {
        let lowestTrained: Place?
        private let scales: [Place: BoundTensor]
        private let isTraining: Bool
        /// Each value [T, width], as it was before it was scaled.
        private var kept: [Place: Matrix] = [:]

        init(_ scales: [Place: BoundTensor], _ parameters: BoundParameters) {
            self.scales = scales
            isTraining = parameters.isTraining
            lowestTrained = isTraining ? scales.keys.min() : nil
        }

        func acts(at place: Place) -> Bool { scales[place] != nil }

        func forward(
            _ y: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
        ) {
            guard let l = scales[place] else { return }
            if isTraining {
                let copy = workspace.matrix(y.rows, y.columns)
                copy.copy(from: y)
                kept[place] = copy
            }
            scale(y, by: l.value)
        }

        func backward(
            _ dy: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
            _ workspace: Workspace
        ) {
            guard let l = scales[place], let y = kept[place] else { return }
            scaleAndShiftBackward(dy, x: y, w: l.value, dw: l.gradient, db: nil)
        }
    }
}
