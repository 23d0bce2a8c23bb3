import Diagnostics
package import Encoders
import Kernels

// Tiny-attention adapter (Zhao, Tan, Mei, "Tiny-Attention Adapter: Contexts Are More Important Than the Number of
// Parameters", EMNLP 2022, arXiv 2211.01979): attention whose heads are D wide, one number by default.
//
//   z' = z + O    O = (1/M) Σ_m A_m W_Oᵐ + b_O    A_m = P_m V_m    P_m = softmax(Q_m K_mᵀ / √D)
//   Q, K, V = n W_Q + b_Q, …                      n = LN(x), the adapter's own LayerNorm
//
// n [T, d]; Q, K, V and A [T, M·D], head m being D of their columns; W_Q, W_K, W_V [M·D, d], W_O [d, M·D] as stored.
// Sequential: z = x = h1. Parallel: x is the layer's input and z is o, the output of W_O. No sequence sees another.
//
//   dW_O = dOᵀ A / M    db_O = Σ_t dO_t    dA = dO W_O / M    dV_m = P_mᵀ dA_m    dP_m = dA_m V_mᵀ
//   dS_m = softmax'(dP_m) / √D    dQ_m = dS_m K_m    dK_m = dS_mᵀ Q_m    dn = [dQ dK dV] W_QKV    dx += LN'(dn)
//
// Start: W_O = 0 and b_O = 0; W_Q, W_K, W_V from N(0, 0.02²); their biases 0, γ = 1, β = 0. Own LayerNorm and biases are
// the reading that gives the published share: 24 (7 · 1024 + 3) = 172,104 numbers on RoBERTa-large with M = D = 1. (A
// softmax ignores what all of its scores have in common, so b_K is counted, and has no effect.)
//
// A token's change depends on the other tokens, so it can't be folded into the backbone.

/// The tiny-attention adapter: an attention with very narrow heads beside or behind the encoder's own.
package struct TinyAttention: AdapterMethod {
    package static let name = "tiny-attention"
    package static let source = "Zhao et al., EMNLP 2022, arXiv 2211.01979"
    package static let summary =
        "an attention with heads one number wide, whose output is added to the attention's"
    package static let settings = [
        MethodSetting(
            "placement", "sequential, parallel",
            "after LN1 on h1, or beside the attention on the layer's input"),
        MethodSetting("heads", "1 or more", "how many heads there are, which are averaged"),
        MethodSetting("width", "1 or more", "how wide a head is; heads × width is at most the hidden size"),
        MethodSetting("norm", "true, false", "whether its input passes a LayerNorm of its own"),
        MethodSetting("biases", "true, false", "whether query, key, value and output have biases"),
        .layers,
    ]

    /// Where the attention stands.
    package enum Placement: String, NamedChoice {
        /// On h1, after the encoder's attention with its residual and LN1.
        case sequential
        /// On the layer's input, added to the output of W_O.
        case parallel
    }

    /// Where the attention stands.
    package let placement: Placement
    /// M: how many heads there are.
    package let heads: Int
    /// D: how wide a head is.
    package let width: Int
    /// Whether the input passes a LayerNorm of its own.
    package let norm: Bool
    /// Whether query, key, value and output have biases.
    package let biases: Bool
    /// Which layers have the attention.
    package let layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable { case placement, heads, width, norm, biases, layers }

    /// Makes the method with settings.
    package init(
        placement: Placement = .sequential, heads: Int = 1, width: Int = 1, norm: Bool = true,
        biases: Bool = true, layers: LayerSet = .all
    ) {
        self.placement = placement
        self.heads = heads
        self.width = width
        self.norm = norm
        self.biases = biases
        self.layers = layers
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        placement = try section.value(.placement, default: .sequential)
        heads = try section.value(.heads, default: 1)
        width = try section.value(.width, default: 1)
        norm = try section.value(.norm, default: true)
        biases = try section.value(.biases, default: true)
        layers = try section.value(.layers, default: .all)
        for (key, number) in [(CodingKeys.heads, heads), (.width, width)] {
            try section.require(number >= 1, key, "is \(number), expected 1 or more")
        }
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        let d = weights.configuration.hidden
        let inner = try innerWidth(on: weights)
        return try indices(on: weights).flatMap { layer in
            func slice(
                _ part: String, _ kind: ParameterKind, _ shape: [Int], _ start: ParameterStart,
                isPrunable: Bool = false
            ) -> ParameterSlice {
                ParameterSlice(
                    name: "layer.\(layer).tiny-attention.\(part)", kind: kind, layer: layer, shape: shape,
                    start: start, isPrunable: isPrunable)
            }
            var slices: [ParameterSlice] = []
            if norm {
                slices = [
                    slice("norm.weight", .norm, [d], .constant(1)),
                    slice("norm.bias", .norm, [d], .constant(0)),
                ]
            }
            slices += TinyAttentionTensors.projections.map { part in
                let start = RandomName(seed, "layer.\(layer).tiny-attention.\(part).weight")
                return slice(
                    "\(part).weight", .weight, [inner, d], .normal(deviation: 0.02, start), isPrunable: true)
            }
            if biases {
                slices += TinyAttentionTensors.projections.map { part in
                    slice("\(part).bias", .bias, [inner], .constant(0))
                }
            }
            slices.append(slice("output.weight", .weight, [d, inner], .constant(0), isPrunable: true))
            if biases { slices.append(slice("output.bias", .bias, [d], .constant(0))) }
            return slices
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        Acting(self, parameters, epsilon: weights.configuration.layerNormEpsilon)
    }

    package var mergeability: Mergeability {
        .never("what is added to a token depends on the other tokens of its sequence")
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}

    /// Products, the attention over a sequence and the sum; like the backbone's, norms and softmaxes aren't counted.
    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let d = Double(weights.configuration.hidden)
        let inner = Double(try innerWidth(on: weights))
        let projections = 2 * d * 3 * inner
        let attention = 4 * Double(tokens) * inner
        let output = 2 * inner * d + d
        return Double(try indices(on: weights).count) * (projections + attention + output)
    }

    private func indices(on weights: EncoderWeights) throws -> [Int] {
        try layers.indices(of: weights.configuration.layers, key: "adapter.layers")
    }

    /// M·D, which is no larger than the backbone's width.
    private func innerWidth(on weights: EncoderWeights) throws -> Int {
        let d = weights.configuration.hidden
        for (key, number) in [("heads", heads), ("width", width)] {
            guard (1...d).contains(number) else {
                throw Failure.usage(
                    "is \(number), expected 1 to \(d), the backbone's hidden size", at: "adapter.\(key)")
            }
        }
        guard heads * width <= d else {
            throw Failure.usage(
                "\(heads) heads of \(width) are \(heads * width) wide, the backbone's hidden size is \(d)",
                at: "adapter.width", remedy: "set it to \(d / heads) or less")
        }
        return heads * width
    }
}
