package import Diagnostics
package import Encoders
import Kernels

/// A method that puts the same bottlenecks into each of its layers, and may train LayerNorms beside them.
package protocol BottleneckMethod: WidenableMethod {
    /// The bottlenecks of a layer, in the order of the forward pass.
    static var branches: [BottleneckBranch] { get }
    /// The settings, whose initial values are the method's defaults.
    var bottleneck: BottleneckSettings { get set }
}

extension BottleneckMethod {
    package init(_ bottleneck: BottleneckSettings) {
        self.init()
        self.bottleneck = bottleneck
    }

    package static var keys: [MethodKey<Self>] {
        BottleneckSettings.keys(in: \Self.bottleneck)
    }

    package var isIdentityAtStart: Bool { bottleneck.start.isIdentity }

    package var mergeability: Mergeability {
        .never("no linear map of the backbone computes the bottleneck's \(bottleneck.activation.rawValue)")
    }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        BoundBottlenecks(
            method: Self.name, branches: Self.branches, settings: bottleneck,
            layers: try bottleneck.layers.indices(on: weights), weights: weights)
    }

    package func widened(by factor: Int) -> (any AdapterMethod)? {
        bottleneck.widened(by: factor).map { wide in with { $0.bottleneck = wide } }
    }
}

/// The bottlenecks of a method on a backbone.
private struct BoundBottlenecks: BoundMethod {
    let method: String
    let branches: [BottleneckBranch]
    let settings: BottleneckSettings
    let layers: [Int]
    let weights: EncoderWeights

    func slices(seed: UInt64) -> [ParameterSlice] {
        layers.flatMap { layer in
            branches.flatMap { branch in
                Bottleneck.slices(width: weights.configuration.hidden, settings, seed: seed) {
                    branch.tensor(method, layer: layer, $0)
                }
            } + settings.norm.sites.flatMap { BackboneTensor.norm(LayerSite(layer, $0), of: weights) }
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        var bottlenecks: [LayerSite: Bottleneck] = [:]
        for layer in layers {
            for branch in branches {
                bottlenecks[LayerSite(layer, settings.reads.site(for: branch.site))] = Bottleneck(
                    parameters, settings
                ) { branch.tensor(method, layer: layer, $0) }
            }
        }
        return StackedAdaptation([
            BottleneckHooks(
                bottlenecks, reads: settings.reads, isTraining: parameters.isTraining, on: weights),
            TrainedBackboneTensors(parameters, on: weights),
        ])
    }

    /// The two products of every bottleneck.
    func addedOperations(tokens: Int) -> Double {
        let products = Double(2 * 2 * settings.bottleneck) * Double(weights.configuration.hidden)
        return Double(layers.count * branches.count) * products
    }
}
