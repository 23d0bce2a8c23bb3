public import Diagnostics
public import Encoders
import Kernels

// Hadamard adapter (Chen et al., "Hadamard Adapter: An Extreme Parameter-Efficient Adapter Tuning Method for
// Pre-trained Language Models", CIKM 2023, arXiv 2407.11033):
//
//   A' = w ⊙ A + b            one (w, b) ∈ R^d × R^d a layer, the same for every token; start w = 1, b = 0
//   dw = Σ_t dA' ⊙ A    db = Σ_t dA'    dA = w ⊙ dA'
//
// and γ, β of one LayerNorm a layer, starting from the backbone's. The summaries of the paper leave the site and the
// norm open, so both are settings: A is the concatenated attention heads, or what W_O makes of them.

/// The Hadamard adapter: an element-wise scale and shift of the self-attention output, and a LayerNorm.
public struct Hadamard: AdapterMethod {
    public static let name = "hadamard"
    public static let source = "Chen et al., CIKM 2023, arXiv 2407.11033"

    /// Which value A is.
    public enum ActingSite: String, NamedChoice {
        /// The concatenated attention heads, before W_O.
        case heads
        /// The output of W_O, before dropout, residual and LayerNorm.
        case projection
    }

    /// Which LayerNorms are trained with it.
    public enum TrainedNorms: String, NamedChoice {
        /// LN1, which follows the attention.
        case attention
        /// LN2, which follows the feed-forward layer.
        case output
        /// Both.
        case both
        /// Neither.
        case none
    }

    /// Which value A is.
    public let site: ActingSite
    /// Which LayerNorms are trained.
    public let norm: TrainedNorms
    /// Which layers have an adapter and trained norms.
    public let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case site, norm, layers }

    /// Makes the method with settings.
    public init(site: ActingSite = .heads, norm: TrainedNorms = .attention, layers: LayerSet = .all) {
        self.site = site
        self.norm = norm
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    public init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        site = try section.value(.site, default: .heads)
        norm = try section.value(.norm, default: .attention)
        layers = try section.value(.layers, default: .all)
    }

    public func slices(on weights: EncoderWeights) throws -> [ParameterSlice] {
        let d = weights.configuration.hidden
        return try layers.indices(of: weights.configuration.layers, key: "adapter.layers").flatMap { layer in
            let own = weights.layers[layer]
            var slices = [
                ParameterSlice(
                    name: "layer.\(layer).hadamard.weight", kind: .weight, layer: layer, shape: [d],
                    initial: [Float](repeating: 1, count: d)),
                ParameterSlice(
                    name: "layer.\(layer).hadamard.bias", kind: .bias, layer: layer, shape: [d],
                    initial: [Float](repeating: 0, count: d)),
            ]
            for site in trainedNorms {
                let frozen = site == .attentionNorm ? own.attentionNorm : own.outputNorm
                for (part, values) in [("weight", frozen.scale), ("bias", frozen.shift)] {
                    slices.append(
                        ParameterSlice(
                            name: "layer.\(layer).\(normName(site)).\(part)", kind: .norm, layer: layer,
                            shape: [d],
                            initial: Array(UnsafeBufferPointer(start: values, count: d))))
                }
            }
            return slices
        }
    }

    public func adaptation(
        _ layout: ParameterLayout, values: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>?
    ) -> any EncoderAdaptation {
        Acting(self, layout, values, gradient)
    }

    var actingSite: Site { site == .heads ? .heads : .projection }

    var trainedNorms: [Site] {
        switch norm {
        case .attention: [.attentionNorm]
        case .output: [.outputNorm]
        case .both: [.attentionNorm, .outputNorm]
        case .none: []
        }
    }

    private func normName(_ site: Site) -> String {
        site == .attentionNorm ? "attention.norm" : "output.norm"
    }

    // MARK: Forward and backward

    private final class Acting: EncoderAdaptation {
        private struct Offsets {
            let weight, bias: Int
            let norms: [Site: (scale: Int, shift: Int)]
        }

        let lowestTrained: Place?
        private let site: Site
        private let values: UnsafePointer<Float>
        private let gradient: UnsafeMutablePointer<Float>?
        private var offsets: [Int: Offsets] = [:]
        /// A of each layer [T, d], as it was before the forward changed it.
        private var kept: [Int: Matrix] = [:]

        init(
            _ method: Hadamard, _ layout: ParameterLayout, _ values: UnsafePointer<Float>,
            _ gradient: UnsafeMutablePointer<Float>?
        ) {
            site = method.actingSite
            self.values = values
            self.gradient = gradient
            for slice in layout.slices {
                guard let layer = slice.layer, offsets[layer] == nil else { continue }
                func offset(_ name: String) -> Int? { layout["layer.\(layer).\(name)"]?.lowerBound }
                guard let weight = offset("hadamard.weight"), let bias = offset("hadamard.bias") else {
                    continue
                }
                var norms: [Site: (scale: Int, shift: Int)] = [:]
                for site in method.trainedNorms {
                    let name = method.normName(site)
                    if let scale = offset("\(name).weight"), let shift = offset("\(name).bias") {
                        norms[site] = (scale, shift)
                    }
                }
                offsets[layer] = Offsets(weight: weight, bias: bias, norms: norms)
            }
            // The adapter lies below both norms of its layer.
            lowestTrained = gradient == nil ? nil : offsets.keys.min().map { Place($0, method.actingSite) }
        }

        func acts(at place: Place) -> Bool { place.site == site && offsets[place.layer] != nil }

        func forward(_ value: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace) {
            guard let own = offsets[place.layer] else { return }
            if gradient != nil {
                let copy = workspace.matrix(value.rows, value.columns)
                copy.copy(from: value)
                kept[place.layer] = copy
            }
            scaleAndShift(value, by: values + own.weight, values + own.bias)
        }

        func backward(_ dA: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace) {
            guard let own = offsets[place.layer], let gradient, let a = kept[place.layer] else { return }
            scaleAndShiftBackward(
                dA, x: a, w: values + own.weight, dw: gradient + own.weight, db: gradient + own.bias)
        }

        func norm(at place: Place) -> TrainedNorm? {
            guard let own = offsets[place.layer]?.norms[place.site] else { return nil }
            return TrainedNorm(
                scale: values + own.scale, shift: values + own.shift,
                gradient: gradient.map { ($0 + own.scale, $0 + own.shift) })
        }
    }
}
