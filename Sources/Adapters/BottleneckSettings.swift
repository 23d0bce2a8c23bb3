import Diagnostics

/// The settings that methods made of bottlenecks have in common; each has defaults of its own.
package struct BottleneckSettings: Sendable, Codable, Equatable {
    /// The bottleneck's width m.
    package var bottleneck: Int
    /// What stands between its two maps.
    package var activation: Activation
    /// Where its matrices start.
    package var start: BottleneckStart
    /// What it reads of the sub-layer; AdapterHub's Pfeiffer adapter reads the normalized output.
    package var reads: SubLayerValue
    /// Whether its input goes through a LayerNorm of its own.
    package var inputNorm: Bool
    /// What its output is multiplied with.
    package var scale: Double
    /// Which LayerNorms of the backbone are trained beside it.
    package var norm: TrainedNorms
    /// The layers that have it.
    package var layers: LayerSet

    enum CodingKeys: String, CodingKey, CaseIterable {
        case bottleneck, activation, start, reads, inputNorm, scale, norm, layers
    }

    /// Chooses settings in code.
    package init(
        bottleneck: Int = 64, activation: Activation = .gelu, start: BottleneckStart = .nearIdentity,
        reads: SubLayerValue = .output, inputNorm: Bool = false, scale: Double = 1,
        norm: TrainedNorms = .none, layers: LayerSet = .all
    ) {
        self.bottleneck = bottleneck
        self.activation = activation
        self.start = start
        self.reads = reads
        self.inputNorm = inputNorm
        self.scale = scale
        self.norm = norm
        self.layers = layers
    }

    /// Reads a study's `adapter` section, where a key that is absent has the default's value.
    package init(from decoder: any Decoder, defaults: BottleneckSettings) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        bottleneck = try section.bottleneck(.bottleneck, default: defaults.bottleneck)
        activation = try section.value(.activation, default: defaults.activation)
        start = try section.value(.start, default: defaults.start)
        reads = try section.value(.reads, default: defaults.reads)
        inputNorm = try section.value(.inputNorm, default: defaults.inputNorm)
        scale = try section.scale(.scale, default: defaults.scale)
        norm = try section.value(.norm, default: defaults.norm)
        layers = try section.value(.layers, default: defaults.layers)
    }

    /// Reads a section with the defaults of ``init(bottleneck:activation:start:reads:inputNorm:scale:norm:layers:)``.
    package init(from decoder: any Decoder) throws {
        try self.init(from: decoder, defaults: BottleneckSettings())
    }

    /// What `hadamesh methods` says of each key.
    package static let descriptions = [
        bottleneckDescription, activationDescription,
        MethodSetting(
            "start", "near-identity, normal, zero-up, kaiming",
            "its matrices: both truncated normal 0.001; both normal 0.02; normal and 0; uniform ±1/√d and 0"),
        MethodSetting(
            "reads", "output, normalized, input",
            "of the sub-layer: its output, that with residual and the frozen LayerNorm, or its input"),
        MethodSetting("inputNorm", "true, false", "whether a LayerNorm of its own stands before it"),
        scaleDescription,
        MethodSetting("norm", "attention, output, both, none", "the backbone's LayerNorms that are trained"),
        .layers,
    ]

    static let bottleneckDescription = MethodSetting(
        "bottleneck", "1-\(largestBottleneck)", "the width m of the bottleneck")
    static let activationDescription = MethodSetting(
        "activation", "relu, gelu, swish, tanh", "what stands between its two maps")
    static let scaleDescription = MethodSetting(
        "scale", "0.000001-1000000", "what its output is multiplied with")

    // Twice the feed-forward width of the large published encoders: what is wider is a slip of the pen.
    fileprivate static let largestBottleneck = 8192
    fileprivate static let scales = 1e-6...1e6
}

extension SettingsSection {
    /// The width of a bottleneck.
    func bottleneck(_ key: Key, default fallback: Int) throws -> Int {
        let width = try value(key, default: fallback)
        try require(
            (1...BottleneckSettings.largestBottleneck).contains(width), key,
            "expected a whole number from 1 to \(BottleneckSettings.largestBottleneck), found \(width)")
        return width
    }

    /// What a bottleneck's output is multiplied with.
    func scale(_ key: Key, default fallback: Double) throws -> Double {
        let scale = try value(key, default: fallback)
        try require(
            BottleneckSettings.scales.contains(scale), key,
            "expected a number from 0.000001 to 1000000, found \(scale)")
        return scale
    }
}
