package import Diagnostics
package import Encoders

// Mix-and-match adapter (He et al., "Towards a Unified View of Parameter-Efficient Transfer Learning", ICLR
// 2022, arXiv 2110.04366): a short prefix in the attention and a wide scaled parallel adapter at the
// feed-forward layer,
//
//   a_t = Concat_h softmax(q_t [P_K; K]ᵀ / √d_k) [P_V; V]       y' = y + s (act(h1 W_d + b_d) W_u + b_u)
//
// with P = 30, m = 512, s = 4 as published. It is a stack of `PrefixTuning` and `Parallel`, each with its own
// start, gradients and tensor names; because of the prefix it is not the identity at start.
//
// Parameters: L (2 P d + 2 d m + m + d); BERT-base: 552,960 + 9,452,544 = 10,005,504.

/// The mix-and-match adapter: a prefix, and a parallel adapter beside the feed-forward layer.
package struct MAM: CompositeMethod, WidenableMethod {
    package static let name = "mam"
    package static let source = "He et al., ICLR 2022, arXiv 2110.04366"
    package static let summary = "a prefix in the attention and a scaled bottleneck beside feed-forward"
    package static let keys: [MethodKey<Self>] = [
        PrefixTuning.lengthKey.nested(in: \.prefix),
        BottleneckSettings.bottleneckKey.nested(in: \.parallel.bottleneck),
        BottleneckSettings.scaleKey.nested(in: \.parallel.bottleneck),
        BottleneckSettings.activationKey.nested(in: \.parallel.bottleneck),
        .layers(\.layers),
    ]

    package private(set) var prefix = PrefixTuning()
    package private(set) var parallel = Parallel().with { $0.bottleneck.bottleneck = 512 }

    package init() {}

    /// The layers of both.
    private var layers: LayerSet {
        get { prefix.layers }
        set {
            prefix.layers = newValue
            parallel.bottleneck.layers = newValue
        }
    }

    package var parts: [any AdapterMethod] { [prefix, parallel] }
    package var isIdentityAtStart: Bool { Stack(parts).isIdentityAtStart }
    package var mergeability: Mergeability { Stack(parts).mergeability }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        try Stack(parts).bind(to: weights)
    }

    /// With a wider parallel adapter; the prefix has no width.
    package func widened(by factor: Int) -> (any AdapterMethod)? {
        parallel.bottleneck.widened(by: factor).map { wide in with { $0.parallel.bottleneck = wide } }
    }
}
