import Diagnostics
package import Encoders
import Kernels

// Hadamard adapter (Chen et al., "Hadamard Adapter: An Extreme Parameter-Efficient Adapter Tuning Method for
// Pre-trained Language Models", CIKM 2023, arXiv 2407.11033):
//
//   A' = w ⊙ A + b            one (w, b) ∈ R^d × R^d a layer, the same for every token; start w = 1, b = 0
//   dw = Σ_t dA' ⊙ A    db = Σ_t dA'    dA = w ⊙ dA'
//
// and γ, β of one LayerNorm a layer, starting from the backbone's. The summaries of the paper leave the site and the
// norm open, so both are settings: A is the concatenated attention heads, or what W_O makes of them.
//
// Merged: heads W_O ← diag(w) W_O, b_O ← b W_O + b_O; projection W_O ← W_O diag(w), b_O ← w ⊙ b_O + b.

/// The Hadamard adapter: an element-wise scale and shift of the self-attention output, and a LayerNorm.
package struct Hadamard: AdapterMethod {
    package static let name = "hadamard"
    package static let source = "Chen et al., CIKM 2023, arXiv 2407.11033"
    package static let summary = "w ⊙ A + b on the self-attention output, and a LayerNorm of each layer"
    package static let settings = [
        MethodSetting("site", "heads, projection", "A: the concatenated heads, or the output of W_O"),
        MethodSetting("norm", "attention, output, both, none", "the LayerNorms that are trained"),
        .layers,
    ]

    /// Which value A is.
    package enum ActingSite: String, NamedChoice {
        /// The concatenated attention heads, before W_O.
        case heads
        /// The output of W_O, before dropout, residual and LayerNorm.
        case projection
    }

    /// Which value A is.
    package let site: ActingSite
    /// Which LayerNorms are trained.
    package let norm: TrainedNorms
    /// Which layers have an adapter and trained norms.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case site, norm, layers }

    /// Makes the method with settings.
    package init(site: ActingSite = .heads, norm: TrainedNorms = .attention, layers: LayerSet = .all) {
        self.site = site
        self.norm = norm
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        site = try section.value(.site, default: .heads)
        norm = try section.value(.norm, default: .attention)
        layers = try section.value(.layers, default: .all)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        let d = weights.configuration.hidden
        return try layers.indices(of: weights.configuration.layers, key: "adapter.layers").flatMap { layer in
            [
                ParameterSlice(
                    name: "layer.\(layer).hadamard.weight", kind: .weight, layer: layer, shape: [d],
                    start: .constant(1)),
                ParameterSlice(
                    name: "layer.\(layer).hadamard.bias", kind: .bias, layer: layer, shape: [d],
                    start: .constant(0)),
            ] + norm.sites.flatMap { BackboneTensor.norm(Place(layer, $0), of: weights) }
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        StackedAdaptation([
            Acting(at: actingSite, parameters), RetrainedBackbone(parameters, on: weights),
        ])
    }

    package var mergeability: Mergeability { .exact }
    package var mergedMaps: Set<Site> { [.projection] }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        let biases = parameters.byLayer("hadamard.bias")
        for (layer, w) in parameters.byLayer("hadamard.weight") {
            guard let own = merged.linear(at: Place(layer, .projection)), let b = biases[layer] else {
                continue
            }
            // W_O is kept as [out, in]: its columns are the heads.
            switch site {
            case .heads:
                for r in 0..<own.weight.rows {
                    own.bias[r] += dotProduct(own.weight.row(r), b.value, own.weight.columns)
                    for c in 0..<own.weight.columns { own.weight[r, c] *= w.value[c] }
                }
            case .projection:
                for r in 0..<own.weight.rows {
                    own.bias[r] = w.value[r] * own.bias[r] + b.value[r]
                    for c in 0..<own.weight.columns { own.weight[r, c] *= w.value[r] }
                }
            }
        }
    }

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let count = try layers.indices(of: weights.configuration.layers, key: "adapter.layers").count
        return Double(2 * count * weights.configuration.hidden)
    }

    private var actingSite: Site { site == .heads ? .heads : .projection }

    // MARK: Forward and backward

    private final class Acting: EncoderAdaptation {
        let lowestTrained: Place?
        private let site: Site
        private let weights, biases: [Int: BoundTensor]
        /// A of each layer [T, d], as it was before the forward changed it.
        private var kept: [Int: Matrix] = [:]
        private let isTraining: Bool

        init(at site: Site, _ parameters: BoundParameters) {
            self.site = site
            isTraining = parameters.isTraining
            weights = parameters.byLayer("hadamard.weight")
            biases = parameters.byLayer("hadamard.bias")
            lowestTrained = parameters.lowest(weights.keys, site)
        }

        func acts(at place: Place) -> Bool { place.site == site && weights[place.layer] != nil }

        func forward(
            _ a: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
        ) {
            guard let w = weights[place.layer], let b = biases[place.layer] else { return }
            if isTraining {
                let copy = workspace.matrix(a.rows, a.columns)
                copy.copy(from: a)
                kept[place.layer] = copy
            }
            scaleAndShift(a, by: w.value, b.value)
        }

        func backward(
            _ dA: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
            _ workspace: Workspace
        ) {
            guard let w = weights[place.layer], let b = biases[place.layer], let a = kept[place.layer] else {
                return
            }
            scaleAndShiftBackward(dA, x: a, w: w.value, dw: w.gradient, db: b.gradient)
        }
    }
}
