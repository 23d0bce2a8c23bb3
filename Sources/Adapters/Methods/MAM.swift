import Diagnostics
package import Encoders

// Mix-and-match adapter (He et al., "Towards a Unified View of Parameter-Efficient Transfer Learning", ICLR 2022, arXiv
// 2110.04366): a short prefix in the attention and a wide scaled parallel adapter at the feed-forward layer,
//
//   a_t = Concat_h softmax(q_t [P_K; K]ᵀ / √d_k) [P_V; V]       y' = y + s (act(h1 W_d + b_d) W_u + b_u)
//
// with P = 30, m = 512, s = 4 as published. It is `PrefixTuning` and `Parallel` in one study, each with its own start, gradients
// and tensors' names; the prefix keeps it from being the identity at start.
//
// Parameters: L (2 P d + 2 d m + m + d); BERT-base: 552,960 + 9,452,544 = 10,005,504.

/// The mix-and-match adapter: a prefix, and a parallel adapter beside the feed-forward layer.
package struct MAM: AdapterMethod {
    package static let name = "mam"
    package static let source = "He et al., ICLR 2022, arXiv 2110.04366"
    package static let summary = "a prefix in the attention and a scaled bottleneck beside feed-forward"
    package static let settings = [
        PrefixTuning.lengthDescription, BottleneckSettings.bottleneckDescription,
        BottleneckSettings.scaleDescription, BottleneckSettings.activationDescription, .layers,
    ]

    /// The prefix of each layer.
    package let prefix: PrefixTuning
    /// The parallel adapter of each layer.
    package let parallel: Parallel

    enum CodingKeys: String, CodingKey, CaseIterable { case length, bottleneck, scale, activation, layers }

    /// Makes the method with settings.
    package init(
        length: Int = 30, bottleneck: Int = 512, scale: Double = 4, activation: Activation = .relu,
        layers: LayerSet = .all
    ) {
        var settings = Parallel.defaults
        settings.bottleneck = bottleneck
        settings.scale = scale
        settings.activation = activation
        settings.layers = layers
        prefix = PrefixTuning(length: length, layers: layers)
        parallel = Parallel(settings)
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        self.init(
            length: try section.prefixLength(.length, default: 30),
            bottleneck: try section.bottleneck(.bottleneck, default: 512),
            scale: try section.scale(.scale, default: 4),
            activation: try section.value(.activation, default: .relu),
            layers: try section.value(.layers, default: .all))
    }

    package func encode(to encoder: any Swift.Encoder) throws {
        var section = encoder.container(keyedBy: CodingKeys.self)
        try section.encode(prefix.length, forKey: .length)
        try section.encode(parallel.bottleneck.bottleneck, forKey: .bottleneck)
        try section.encode(parallel.bottleneck.scale, forKey: .scale)
        try section.encode(parallel.bottleneck.activation, forKey: .activation)
        try section.encode(prefix.layers, forKey: .layers)
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        try parts.slices(on: weights, seed: seed)
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        parts.adaptation(parameters, on: weights)
    }

    package var isIdentityAtStart: Bool { parts.isIdentityAtStart }

    package var mergeability: Mergeability { parts.mergeability }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        try parts.addedOperations(on: weights, tokens: tokens)
    }

    /// With a wider parallel adapter; the prefix has no width of its own.
    package func widened(by factor: Int) -> (any AdapterMethod)? {
        let own = parallel.bottleneck
        return MAM(
            length: prefix.length, bottleneck: own.bottleneck * factor, scale: own.scale,
            activation: own.activation, layers: prefix.layers)
    }

    private var parts: Stack { Stack([prefix, parallel]) }
}
