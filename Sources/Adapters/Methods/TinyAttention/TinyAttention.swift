package import Diagnostics
package import Encoders
import Kernels

// Tiny-attention adapter (Zhao, Tan, Mei, "Tiny-Attention Adapter: Contexts Are More Important Than the
// Number of Parameters", EMNLP 2022, arXiv 2211.01979): attention with heads of width D, 1 by default.
//
//   z' = z + O    O = (1/M) Σ_m A_m W_Oᵐ + b_O    A_m = P_m V_m    P_m = softmax(Q_m K_mᵀ / √D)
//   Q, K, V = n W_Q + b_Q, …                      n = LN(x), the adapter's own LayerNorm
//
// n [T, d]; Q, K, V and A [T, M·D], with D columns per head; W_Q, W_K, W_V [M·D, d], W_O [d, M·D] as stored.
// Sequential: z = x = h1. Parallel: x is the layer's input and z is o, the output of W_O. Each sequence
// attends to itself only.
//
//   dW_O = dOᵀ A / M    db_O = Σ_t dO_t    dA = dO W_O / M    dV_m = P_mᵀ dA_m    dP_m = dA_m V_mᵀ
//   dS_m = softmax'(dP_m) / √D    dQ_m = dS_m K_m   dK_m = dS_mᵀ Q_m   dn = [dQ dK dV] W_QKV    dx += LN'(dn)
//
// Start: W_O = 0 and b_O = 0; W_Q, W_K, W_V from N(0, 0.02²); their biases 0, γ = 1, β = 0. With its own
// LayerNorm and biases the method has the published share: 24 (7 · 1024 + 3) = 172,104 parameters on
// RoBERTa-large with M = D = 1. (b_K is counted but has no effect: it shifts all scores of a softmax
// equally.)
//
// A token's change depends on the other tokens, so it cannot be folded into the backbone.

/// The tiny-attention adapter: an attention with very narrow heads beside or after the encoder's own.
package struct TinyAttention: AdapterMethod {
    package static let name = "tiny-attention"
    package static let source = "Zhao et al., EMNLP 2022, arXiv 2211.01979"
    package static let summary =
        "an attention with heads one number wide, whose output is added to the attention's"
    package static let keys: [MethodKey<Self>] = [
        MethodKey(
            "placement", \.placement, "after LN1 on h1, or beside the attention on the layer's input"),
        MethodKey(
            "heads", \.heads, allowed: "1 or more", "number of heads (outputs are averaged)"
        ) { $0 >= 1 ? nil : "is \($0), expected 1 or more" },
        MethodKey(
            "width", \.width, allowed: "1 or more",
            "width of a head; heads × width is at most the hidden size"
        ) { $0 >= 1 ? nil : "is \($0), expected 1 or more" },
        MethodKey("norm", \.norm, "apply a LayerNorm of its own to its input"),
        MethodKey("biases", \.biases, "add biases to query, key, value and output"),
        .layers(\.layers),
    ]

    package enum Placement: String, NamedChoice {
        /// On h1, after the encoder's attention with its residual and LN1.
        case sequential
        /// On the layer's input, added to the output of W_O.
        case parallel
    }

    package var placement = Placement.sequential
    /// M, the number of heads.
    package var heads = 1
    /// D, the width of a head.
    package var width = 1
    /// Whether the input passes a LayerNorm of its own.
    package var norm = true
    /// Whether query, key, value and output have biases.
    package var biases = true
    package var layers = LayerSet.all

    package init() {}

    package var mergeability: Mergeability {
        .never("what is added to a token depends on the other tokens of its sequence")
    }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        let d = weights.configuration.hidden
        for (key, number) in [("heads", heads), ("width", width)] {
            guard (1...d).contains(number) else {
                throw Failure.usage(
                    "is \(number), expected 1 to \(d), the backbone's hidden size", at: "adapter.\(key)")
            }
        }
        guard heads * width <= d else {
            throw Failure.usage(
                "\(heads) heads of width \(width) need \(heads * width) dimensions, but the "
                    + "backbone's hidden size is \(d)",
                at: "adapter.width", remedy: "set it to \(d / heads) or less")
        }
        return BoundTinyAttention(method: self, layers: try layers.indices(on: weights), weights: weights)
    }
}

/// A tiny attention on a backbone.
private struct BoundTinyAttention: BoundMethod {
    let method: TinyAttention
    let layers: [Int]
    let weights: EncoderWeights

    private var hidden: Int { weights.configuration.hidden }
    /// M·D.
    private var inner: Int { method.heads * method.width }

    func slices(seed: UInt64) -> [ParameterSlice] {
        let normal = ParameterStart.normal(deviation: 0.02, seed: seed)
        return layers.flatMap { layer -> [ParameterSlice] in
            func norm(_ part: String, _ start: Float) -> ParameterSlice {
                ParameterSlice(
                    TinyAttentionTensors.name(layer, part), .norm, [hidden], .constant(start))
            }
            func matrix(_ part: String, _ shape: [Int], _ start: ParameterStart) -> ParameterSlice {
                ParameterSlice(
                    TinyAttentionTensors.name(layer, "\(part).weight"), .weight, shape, start,
                    isPrunable: true)
            }
            func bias(_ part: String, _ width: Int) -> ParameterSlice {
                ParameterSlice(
                    TinyAttentionTensors.name(layer, "\(part).bias"), .bias, [width], .constant(0))
            }
            let (projections, output) = (TinyAttentionTensors.projections, TinyAttentionTensors.output)
            var slices = method.norm ? [norm("norm.weight", 1), norm("norm.bias", 0)] : []
            slices += projections.map { matrix($0, [inner, hidden], normal) }
            if method.biases { slices += projections.map { bias($0, inner) } }
            slices.append(matrix(output, [hidden, inner], .constant(0)))
            if method.biases { slices.append(bias(output, hidden)) }
            return slices
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        TinyAttentionHooks(method, parameters, epsilon: weights.configuration.layerNormEpsilon)
    }

    /// Products, the attention over a sequence, and the sum.
    func addedOperations(tokens: Int) -> Double {
        let (d, inner) = (Double(hidden), Double(inner))
        let projections = 2 * d * 3 * inner
        let attention = 4 * Double(tokens) * inner
        let output = 2 * inner * d + d
        return Double(layers.count) * (projections + attention + output)
    }
}
