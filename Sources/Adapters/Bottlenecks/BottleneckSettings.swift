import Diagnostics
package import Kernels

/// The settings of methods made of bottlenecks; each method has its own defaults.
package struct BottleneckSettings: Sendable, Equatable {
    /// The bottleneck's width m.
    package var bottleneck: Int
    /// The nonlinearity between its two maps.
    package var activation: Activation
    /// The start of its matrices.
    package var start: BottleneckStart
    /// The value of the sub-layer that it reads; AdapterHub's Pfeiffer adapter reads the normalized output.
    package var reads: SubLayerValue
    /// Whether its input passes a LayerNorm of its own.
    package var inputNorm: Bool
    /// The factor s of its output.
    package var scale: Double
    /// The backbone's LayerNorms that are trained beside it.
    package var norm: TrainedNorms
    /// The layers that have it.
    package var layers: LayerSet

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

    /// The keys of a method with these settings in a property.
    static func keys<Method>(
        in property: SettingPath<Method, BottleneckSettings>
    ) -> [MethodKey<Method>] {
        keys.map { $0.nested(in: property) }
    }

    private static let keys: [MethodKey<Self>] = [
        bottleneckKey, activationKey,
        MethodKey(
            "start", \.start,
            "initial matrices: both truncated normal 0.001; both normal 0.02; normal and 0; "
                + "uniform ±1/√d and 0"),
        MethodKey(
            "reads", \.reads,
            "its input: the sub-layer's output, that output after residual and frozen LayerNorm, "
                + "or the sub-layer's input"),
        MethodKey("inputNorm", \.inputNorm, "apply a LayerNorm of its own to its input"),
        scaleKey,
        MethodKey("norm", \.norm, "the backbone's LayerNorms that are trained"),
        .layers(\.layers),
    ]

    // Twice the feed-forward width of the large published encoders: anything wider is a typo.
    private static let widths = 1...8192
    private static let scales = 1e-6...1e6

    /// Settings `factor` times as wide; nil for a width that is not allowed.
    func widened(by factor: Int) -> Self? {
        let (wide, overflows) = bottleneck.multipliedReportingOverflow(by: factor)
        guard !overflows, Self.widths.contains(wide) else { return nil }
        var settings = self
        settings.bottleneck = wide
        return settings
    }

    static let bottleneckKey = MethodKey<Self>(
        "bottleneck", \.bottleneck, allowed: "1-\(widths.upperBound)", "the width m of the bottleneck"
    ) { width in
        widths.contains(width)
            ? nil : "expected a whole number from 1 to \(widths.upperBound), found \(width)"
    }
    static let activationKey = MethodKey<Self>(
        "activation", \.activation, "the nonlinearity between its two maps")
    static let scaleKey = MethodKey<Self>(
        "scale", \.scale, allowed: "0.000001-1000000", "the factor of its output"
    ) { scale in
        scales.contains(scale) ? nil : "expected a number from 0.000001 to 1000000, found \(scale)"
    }
}

extension Activation: NamedChoice {}
