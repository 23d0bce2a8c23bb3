package import Encoders
import Kernels

/// Where a method puts a bottleneck in each layer.
package struct BottleneckBranch: Sendable {
    /// The value that it is added to.
    package let site: Site
    /// Its tensors' names after `layer.N.`.
    package let name: String

    /// Names a bottleneck at a site.
    package init(_ site: Site, _ name: String) {
        self.site = site
        self.name = name
    }
}

/// A method whose layers each have the same bottlenecks, and trained LayerNorms if so set.
package protocol BottleneckMethod: AdapterMethod {
    /// Its settings where a study says nothing.
    static var defaults: BottleneckSettings { get }
    /// The bottlenecks of a layer, in the order of the forward pass.
    static var branches: [BottleneckBranch] { get }
    /// The method's settings.
    var bottleneck: BottleneckSettings { get }
    /// Makes the method with settings.
    init(_ bottleneck: BottleneckSettings)
}

extension BottleneckMethod {
    package static var settings: [MethodSetting] { BottleneckSettings.descriptions }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        self.init(try BottleneckSettings(from: decoder, defaults: Self.defaults))
    }

    package func encode(to encoder: any Swift.Encoder) throws { try bottleneck.encode(to: encoder) }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        let (d, count) = (weights.configuration.hidden, weights.configuration.layers)
        return try bottleneck.layers.indices(of: count, key: "adapter.layers").flatMap { layer in
            Self.branches.flatMap { branch in
                Bottleneck.slices(
                    named: "layer.\(layer).\(branch.name)", layer: layer, width: d, bottleneck, seed: seed)
            } + bottleneck.norm.sites.flatMap { BackboneTensor.norm(Place(layer, $0), of: weights) }
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        StackedAdaptation([
            ActingBottlenecks(Self.branches, parameters, on: weights, bottleneck),
            RetrainedBackbone(parameters, on: weights),
        ])
    }

    package var isIdentityAtStart: Bool { bottleneck.start.isIdentity }

    package var mergeability: Mergeability {
        .never("no linear map of the backbone computes the bottleneck's \(bottleneck.activation.rawValue)")
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}

    package func widened(by factor: Int) -> (any AdapterMethod)? {
        var wide = bottleneck
        wide.bottleneck *= factor
        return Self(wide)
    }

    /// The two products of every bottleneck.
    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        let layers = try bottleneck.layers.indices(of: weights.configuration.layers, key: "adapter.layers")
        let products = Double(2 * 2 * bottleneck.bottleneck) * Double(weights.configuration.hidden)
        return Double(layers.count * Self.branches.count) * products
    }
}

/// Adds the bottlenecks of all layers to the values at their sites.
private final class ActingBottlenecks: EncoderAdaptation {
    let lowestTrained: Place?
    private let bottlenecks: [Place: Bottleneck]
    /// Where the input is normalized: what makes it.
    private let normalized: [Place: NormalizedOutput]
    private let input: SubLayerValue
    private let isTraining: Bool

    init(
        _ branches: [BottleneckBranch], _ parameters: BoundParameters, on weights: EncoderWeights,
        _ settings: BottleneckSettings
    ) {
        var bottlenecks: [Place: Bottleneck] = [:]
        for layer in weights.layers.indices {
            for branch in branches {
                bottlenecks[Place(layer, settings.reads.site(for: branch.site))] = Bottleneck(
                    parameters, named: "layer.\(layer).\(branch.name)", settings)
            }
        }
        self.bottlenecks = bottlenecks
        input = settings.reads
        normalized =
            input == .normalized
            ? Dictionary(
                uniqueKeysWithValues: bottlenecks.keys.map { ($0, NormalizedOutput(at: $0, of: weights)) })
            : [:]
        isTraining = parameters.isTraining
        lowestTrained = isTraining ? bottlenecks.keys.min() : nil
    }

    func acts(at place: Place) -> Bool { bottlenecks[place] != nil }

    func forward(
        _ y: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        let h = normalized[place]?.forward(y, source, keep: isTraining, workspace)
        bottlenecks[place]?.forward(
            input.of(output: y, normalized: h, input: source), addedTo: y, keep: isTraining,
            inputChanges: input == .output, workspace)
    }

    func backward(
        _ dy: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let normalized = normalized[place] else {
            bottlenecks[place]?.backward(
                dy, inputGradient: input == .input ? sourceGradient : dy, workspace)
            return
        }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let dh = workspace.matrix(dy.rows, dy.columns)
        dh.fill(0)
        bottlenecks[place]?.backward(dy, inputGradient: dh, workspace)
        normalized.backward(dh)
        add(dh, to: dy)
        if let sourceGradient { add(dh, to: sourceGradient) }
    }
}
